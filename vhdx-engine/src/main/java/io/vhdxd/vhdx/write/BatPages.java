package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the pages of the block allocation table, in the form in which the log and the file hold them, from the block map
 * and the entries that are staged on top of it.
 */
final class BatPages {
    static final int PAGE_BYTES = 4096;
    static final int PAGE_ENTRIES = PAGE_BYTES / BatEntry.BYTES;

    private final Disk disk;
    private final BlockMap map;
    private long batOffsetBytes;
    /** Pages that own space in the file for sure. */
    private final BitSet reserved = new BitSet();

    BatPages(Disk disk, BlockMap map, long batOffsetBytes) {
        this.disk = disk;
        this.map = map;
        this.batOffsetBytes = batOffsetBytes;
    }

    /** Where the page that holds a block's entry stands in the file. */
    long pageOffsetBytes(long blockIndex) {
        return batOffsetBytes + pageIndex(blockIndex) * PAGE_BYTES;
    }

    private long pageIndex(long blockIndex) {
        return disk.geometry().batIndexOfBlock(blockIndex) / PAGE_ENTRIES;
    }

    /**
     * Makes sure that the page of a block's entry can be written to its place whenever it is due, also when the file
     * system has become full.
     */
    void reserve(Storage storage, long blockIndex) throws IOException {
        int page = Math.toIntExact(pageIndex(blockIndex));
        if (!reserved.get(page)) {
            storage.reserve(batOffsetBytes + (long) page * PAGE_BYTES, PAGE_BYTES);
            reserved.set(page);
        }
    }

    /** All pages that the staged entries change, as they will be. */
    List<LogPage> pages(StagedEntries staged) {
        Map<Long, ByteBuffer> contents = new LinkedHashMap<>();
        for (int i = 0; i < staged.count(); i++) {
            long batIndex = disk.geometry().batIndexOfBlock(staged.block(i));
            ByteBuffer content =
                    contents.computeIfAbsent(batIndex / PAGE_ENTRIES, page -> published(page, disk.geometry()));
            content.putLong((int) (batIndex % PAGE_ENTRIES) * BatEntry.BYTES, encode(staged.entry(i)));
        }
        List<LogPage> pages = new ArrayList<>(contents.size());
        contents.forEach(
                (pageIndex, content) -> pages.add(new LogPage(batOffsetBytes + pageIndex * PAGE_BYTES, content)));
        return pages;
    }

    /** Takes note that the BAT stands somewhere else now, with every page as it is published. */
    void movedTo(long newBatOffsetBytes) {
        batOffsetBytes = newBatOffsetBytes;
        reserved.clear();
    }

    /**
     * A page as it is published, for a disk of this geometry.
     *
     * @param pageIndex from the start of the BAT
     */
    ByteBuffer published(long pageIndex, Geometry geometry) {
        ByteBuffer content = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long batIndex = pageIndex * PAGE_ENTRIES;
        long end = Math.min(batIndex + PAGE_ENTRIES, geometry.batEntryCount());
        for (int position = 0; batIndex < end; batIndex++, position += BatEntry.BYTES) {
            // A disk without a parent has no sector bitmaps: their entries stay zero.
            if (!geometry.isBitmapIndex(batIndex)) {
                content.putLong(position, encode(map.entry(geometry.blockOfBatIndex(batIndex))));
            }
        }
        return content;
    }

    private static long encode(int entry) {
        return BatEntry.encode(BlockMap.state(entry), BlockMap.fileOffsetMib(entry));
    }
}
