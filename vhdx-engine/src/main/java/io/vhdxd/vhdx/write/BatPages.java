package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BitmapPlaces;
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
import org.jspecify.annotations.Nullable;

/**
 * Makes the pages of the block allocation table, in the form in which the log and the file hold them, from the block map
 * and the entries that are staged on top of it.
 */
final class BatPages {
    static final int PAGE_BYTES = 4096;
    static final int PAGE_ENTRIES = PAGE_BYTES / BatEntry.BYTES;

    private final Disk disk;
    private final BlockMap map;
    /** Null if the disk has no parent. */
    private final @Nullable BitmapPlaces bitmapPlaces;

    private long batOffsetBytes;
    /** Pages that own space in the file for sure. */
    private final BitSet reserved = new BitSet();

    /** @param bitmapPlaces null if the disk has no parent */
    BatPages(Disk disk, BlockMap map, @Nullable BitmapPlaces bitmapPlaces, long batOffsetBytes) {
        this.disk = disk;
        this.map = map;
        this.bitmapPlaces = bitmapPlaces;
        this.batOffsetBytes = batOffsetBytes;
    }

    /** Where the page that holds a block's entry stands in the file. */
    long pageOffsetBytes(long blockIndex) {
        return batOffsetBytes + pageIndex(blockIndex) * PAGE_BYTES;
    }

    private long pageIndex(long blockIndex) {
        return disk.geometry().batIndexOfBlock(blockIndex) / PAGE_ENTRIES;
    }

    /** Where the page that holds the entry of a chunk's sector bitmap block stands in the file. */
    long bitmapPageOffsetBytes(long chunkIndex) {
        return batOffsetBytes + bitmapPageIndex(chunkIndex) * PAGE_BYTES;
    }

    private long bitmapPageIndex(long chunkIndex) {
        return disk.geometry().batIndexOfBitmap(chunkIndex) / PAGE_ENTRIES;
    }

    /**
     * Makes sure that the page of a block's entry can be written to its place whenever it is due, also when the file
     * system has become full.
     */
    void reserve(Storage storage, long blockIndex) throws IOException {
        reservePage(storage, pageIndex(blockIndex));
    }

    /** As {@link #reserve}, for the entry of a chunk's sector bitmap block. */
    void reserveBitmapEntry(Storage storage, long chunkIndex) throws IOException {
        reservePage(storage, bitmapPageIndex(chunkIndex));
    }

    private void reservePage(Storage storage, long pageIndex) throws IOException {
        int page = Math.toIntExact(pageIndex);
        if (!reserved.get(page)) {
            storage.reserve(batOffsetBytes + pageIndex * PAGE_BYTES, PAGE_BYTES);
            reserved.set(page);
        }
    }

    /**
     * All pages that the staged entries change, as they will be.
     *
     * @param addedBitmaps the places of further sector bitmap blocks, in MiB, by their chunk
     */
    List<LogPage> pages(StagedEntries staged, Map<Long, Long> addedBitmaps) {
        Map<Long, ByteBuffer> contents = new LinkedHashMap<>();
        for (int i = 0; i < staged.count(); i++) {
            put(contents, disk.geometry().batIndexOfBlock(staged.block(i)), encode(staged.entry(i)));
        }
        addedBitmaps.forEach(
                (chunk, placeMib) -> put(contents, disk.geometry().batIndexOfBitmap(chunk), encodeBitmap(placeMib)));
        List<LogPage> pages = new ArrayList<>(contents.size());
        contents.forEach(
                (pageIndex, content) -> pages.add(new LogPage(batOffsetBytes + pageIndex * PAGE_BYTES, content)));
        return pages;
    }

    private void put(Map<Long, ByteBuffer> contents, long batIndex, long encoded) {
        ByteBuffer content =
                contents.computeIfAbsent(batIndex / PAGE_ENTRIES, page -> published(page, disk.geometry()));
        content.putLong((int) (batIndex % PAGE_ENTRIES) * BatEntry.BYTES, encoded);
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
        long end = Math.min(batIndex + PAGE_ENTRIES, geometry.batEntryCount(bitmapPlaces != null));
        for (int position = 0; batIndex < end; batIndex++, position += BatEntry.BYTES) {
            content.putLong(position, publishedEntry(batIndex, geometry));
        }
        return content;
    }

    /** The pages, from the start of the BAT, that are not all zeros as they are published, for a disk of this geometry. */
    BitSet publishedPages(Geometry geometry) {
        BitSet pages = new BitSet();
        long block = map.nextMapped(0);
        while (block < geometry.blockCount()) {
            if (map.entry(block) != BlockMap.NOT_PRESENT) {
                pages.set(Math.toIntExact(geometry.batIndexOfBlock(block) / PAGE_ENTRIES));
            }
            block = map.nextMapped(block + 1);
        }
        for (long chunk = 0; bitmapPlaces != null && chunk < geometry.chunkCount(); chunk++) {
            if (bitmapPlaces.placeMib(chunk) != 0) {
                pages.set(Math.toIntExact(geometry.batIndexOfBitmap(chunk) / PAGE_ENTRIES));
            }
        }
        return pages;
    }

    private long publishedEntry(long batIndex, Geometry geometry) {
        if (geometry.isBitmapIndex(batIndex)) {
            long placeMib = bitmapPlaces == null ? 0 : bitmapPlaces.placeMib(geometry.chunkOfBatIndex(batIndex));
            return placeMib == 0 ? 0 : encodeBitmap(placeMib);
        }
        long block = geometry.blockOfBatIndex(batIndex);
        // The last chunk of a differencing disk has entries for blocks behind the disk's end.
        return block < geometry.blockCount() ? encode(map.entry(block)) : 0;
    }

    /** A bitmap block that is there has the same code as a payload block that is fully present. */
    private static long encodeBitmap(long placeMib) {
        return BatEntry.encode(PayloadBlockState.FULLY_PRESENT, placeMib);
    }

    private static long encode(int entry) {
        return BatEntry.encode(BlockMap.state(entry), BlockMap.fileOffsetMib(entry));
    }
}
