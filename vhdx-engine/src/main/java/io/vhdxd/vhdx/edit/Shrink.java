package io.vhdxd.vhdx.edit;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.Extents;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import io.vhdxd.vhdx.write.MetadataItems;
import io.vhdxd.vhdx.write.PageEdits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Makes a virtual disk smaller. One log entry changes the size, and with it drops the blocks behind the new end: their entries
 * do not count any more. What they held is cleared and given back afterwards. Of a parent nothing is needed but to tell what would be
 * lost.
 */
public final class Shrink {
    private static final int PAGE_BYTES = LogEntryHeader.SECTOR_BYTES;
    private static final int READ_BYTES = 1 << 20;

    /** The ranges that hold data are told in units of this size. */
    private static final int UNIT_BYTES = 64 << 10;

    private final Storage storage;
    private final LoadedImage image;
    private final Geometry smaller;

    /**
     * Prepares it.
     *
     * @param image is loaded from the storage, without anything to replay
     * @param smaller the disk's new geometry
     */
    public Shrink(Storage storage, LoadedImage image, Geometry smaller) {
        this.storage = storage;
        this.image = image;
        this.smaller = smaller;
    }

    /**
     * What the disk holds behind its new end, but for zeros: what would be lost. In units of 64 KiB.
     *
     * @param reader of the disk, with its parents if it has any
     * @param extents of the same
     */
    public List<GuestRange> lostRanges(BlockReader reader, Extents extents, Progress progress) throws IOException {
        long from = smaller.virtualSizeBytes();
        long lengthBytes = image.geometry().virtualSizeBytes() - from;
        List<GuestRange> held = new ArrayList<>();
        extents.visit(
                from,
                lengthBytes,
                (offsetBytes, extentBytes, present, depth) -> {
                    if (present) {
                        GuestRange.append(held, offsetBytes, extentBytes);
                    }
                    return true;
                },
                true);
        progress.begin(
                "looking for data behind the new end",
                held.stream().mapToLong(GuestRange::lengthBytes).sum());
        List<GuestRange> lost = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        for (GuestRange range : held) {
            long at = range.offsetBytes();
            while (at < range.endBytes()) {
                int length = (int) Math.min(READ_BYTES, range.endBytes() - at);
                reader.read(at, buffer.clear().limit(length));
                addLost(at, buffer.flip(), lost);
                progress.advance(length);
                at += length;
            }
        }
        return lost;
    }

    private static void addLost(long offsetBytes, ByteBuffer content, List<GuestRange> lost) {
        for (int at = 0; at < content.limit(); at += UNIT_BYTES) {
            int length = Math.min(UNIT_BYTES, content.limit() - at);
            if (!Zeros.isAll(content.slice(at, length))) {
                GuestRange.append(lost, offsetBytes + at, length);
            }
        }
    }

    /** Does it. The file is cut behind what is still in use. */
    public void run(Supplier<UUID> newGuid) throws IOException {
        LoggedEdits edits =
                LoggedEdits.begin(storage, image.headers(), header -> header.withDataWriteGuid(newGuid.get()), newGuid);
        PageEdits changes = new PageEdits(storage);
        changes.put(
                MetadataItems.fileOffsetBytes(storage, image.regions().metadata(), KnownItem.VIRTUAL_DISK_SIZE),
                ByteBuffer.allocateDirect(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, smaller.virtualSizeBytes()));
        List<FileRange> dropped = droppedEntries();
        for (FileRange range : dropped) {
            changes.put(range.from(), zeros(range.from(), range.startOfFreePages()));
            changes.put(range.endOfFreePages(), zeros(range.endOfFreePages(), range.to()));
        }
        edits.commit(changes);
        // From here on nothing of this counts; if a crash leaves it, a later growth clears it.
        for (FileRange range : dropped) {
            if (range.startOfFreePages() < range.endOfFreePages()) {
                storage.punchHole(range.startOfFreePages(), range.endOfFreePages() - range.startOfFreePages());
            }
        }
        clearEndOfLastBlock();
        edits.finish();
        cutFile();
    }

    /** A range of the file; the pages that lie in it altogether hold nothing else. */
    private record FileRange(long from, long to) {
        long startOfFreePages() {
            return Math.min(Math.ceilDiv(from, PAGE_BYTES) * PAGE_BYTES, to);
        }

        long endOfFreePages() {
            return Math.max(to / PAGE_BYTES * PAGE_BYTES, startOfFreePages());
        }
    }

    /**
     * Where the entries stand that will not count any more. In a differencing disk, the entry of the last chunk's bitmap
     * stands between them, and stays.
     */
    private List<FileRange> droppedEntries() {
        long batOffset = image.regions().bat().fileOffsetBytes();
        boolean hasParent = image.hasParent();
        long from = hasParent ? smaller.batIndexOfBlock(smaller.blockCount()) : smaller.batEntryCount();
        long chunksEnd = smaller.batEntryCount(hasParent);
        long to = image.geometry().batEntryCount(hasParent);
        // Nothing else is in the pages of the BAT: the last one can go as a whole.
        long end = batOffset + Math.ceilDiv(to * BatEntry.BYTES, PAGE_BYTES) * PAGE_BYTES;
        if (from >= chunksEnd) {
            return List.of(new FileRange(batOffset + from * BatEntry.BYTES, end));
        }
        return List.of(
                new FileRange(batOffset + from * BatEntry.BYTES, batOffset + (chunksEnd - 1) * BatEntry.BYTES),
                new FileRange(batOffset + chunksEnd * BatEntry.BYTES, end));
    }

    private static ByteBuffer zeros(long from, long to) {
        return ByteBuffer.allocateDirect((int) (to - from));
    }

    private void clearEndOfLastBlock() throws IOException {
        long inBlock = smaller.virtualSizeBytes() % smaller.blockSizeBytes();
        if (inBlock != 0) {
            int entry = image.blockMap().entry(smaller.blockCount() - 1);
            if (BlockMap.isPresent(entry)) {
                storage.zeroRange(BlockMap.fileOffsetBytes(entry) + inBlock, smaller.blockSizeBytes() - inBlock);
            }
        }
    }

    /** Not before the log is empty: its entries say how long the file is. */
    private void cutFile() throws IOException {
        BlockMap blocks = image.blockMap();
        SpaceMap space = image.spaceMap();
        long block = blocks.nextMapped(smaller.blockCount());
        while (block < blocks.blockCount()) {
            long place = BlockMap.fileOffsetMib(blocks.entry(block));
            if (place != 0) {
                space.release(place, smaller.blockSizeMib());
                storage.punchHole(place * Geometry.MIB, smaller.blockSizeBytes());
            }
            block = blocks.nextMapped(block + 1);
        }
        BitmapPlaces bitmaps = image.bitmapPlaces();
        for (long chunk = smaller.chunkCount(); bitmaps != null && chunk < bitmaps.chunkCount(); chunk++) {
            long place = bitmaps.placeMib(chunk);
            if (place != 0) {
                space.release(place, 1);
                storage.punchHole(place * Geometry.MIB, Geometry.MIB);
            }
        }
        if (storage.size() > space.endMib() * Geometry.MIB) {
            storage.setSize(space.endMib() * Geometry.MIB);
        }
        storage.sync();
    }
}
