package io.vhdxd.vhdx.edit;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
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
 * do not count any more. What they held is cleared and given back afterwards.
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

    /** What the disk holds behind its new end, but for zeros: what would be lost. In units of 64 KiB. */
    public List<GuestRange> lostRanges(Progress progress) throws IOException {
        Geometry before = image.geometry();
        DiskLayer layer =
                new DiskLayer("the image", before, image.blockMap(), null, image.storage(), image.fileSizeBytes());
        BlockReader reader = new BlockReader(layer, null);
        List<GuestRange> lost = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.allocateDirect(READ_BYTES);
        progress.begin("looking for data behind the new end", before.virtualSizeBytes() - smaller.virtualSizeBytes());
        long at = smaller.virtualSizeBytes();
        while (at < before.virtualSizeBytes()) {
            long block = at >>> before.blockSizeShift();
            long blockEnd = Math.min((block + 1) << before.blockSizeShift(), before.virtualSizeBytes());
            if (BlockMap.isFullyPresent(image.blockMap().entry(block))) {
                int length = (int) Math.min(READ_BYTES, blockEnd - at);
                buffer.clear().limit(length);
                reader.read(at, buffer);
                addLost(at, buffer.flip(), lost);
                progress.advance(length);
                at += length;
            } else {
                progress.advance(blockEnd - at);
                at = blockEnd;
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
        long batOffset = image.regions().bat().fileOffsetBytes();
        long endOffset = batOffset + smaller.batEntryCount() * BatEntry.BYTES;
        long pageEnd = Math.ceilDiv(endOffset, PAGE_BYTES) * PAGE_BYTES;
        PageEdits changes = new PageEdits(storage);
        changes.put(
                MetadataItems.fileOffsetBytes(storage, image.regions().metadata(), KnownItem.VIRTUAL_DISK_SIZE),
                ByteBuffer.allocateDirect(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, smaller.virtualSizeBytes()));
        changes.put(endOffset, ByteBuffer.allocateDirect((int) (pageEnd - endOffset)));
        edits.commit(changes);
        // From here on nothing of this counts; if a crash leaves it, a later growth clears it.
        long oldEnd = batOffset + image.geometry().batEntryCount() * BatEntry.BYTES;
        if (pageEnd < oldEnd) {
            storage.punchHole(pageEnd, oldEnd - pageEnd);
        }
        clearEndOfLastBlock();
        edits.finish();
        cutFile();
    }

    private void clearEndOfLastBlock() throws IOException {
        long inBlock = smaller.virtualSizeBytes() % smaller.blockSizeBytes();
        if (inBlock != 0) {
            int entry = image.blockMap().entry(smaller.blockCount() - 1);
            if (BlockMap.isFullyPresent(entry)) {
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
        if (storage.size() > space.endMib() * Geometry.MIB) {
            storage.setSize(space.endMib() * Geometry.MIB);
        }
        storage.sync();
    }
}
