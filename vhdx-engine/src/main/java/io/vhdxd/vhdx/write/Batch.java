package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one turn of the agent changes: payload goes to the file at once, changes of the block map are staged until they
 * are in the log. Operations act through this class; it knows the blocks as they will be when the batch is published.
 */
final class Batch {
    /** A batch ends when it has written so much payload, so that its first operation is not kept waiting by its last. */
    private static final long PAYLOAD_MAX_BYTES = 4L << 20;
    /** Up to here zeros are written; the file system takes longer to make a hole of so little. */
    private static final int WRITTEN_ZEROS_MAX_BYTES = 64 << 10;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(WRITTEN_ZEROS_MAX_BYTES);

    private final Disk disk;
    private final Storage storage;
    private final BlockMap map;
    private final BatPages batPages;
    private final SpaceAllocator allocator;
    private final Quarantine quarantine;
    private final Staging staging;
    /** Null if the disk has no parent. */
    private final @Nullable PartialBlocks partialBlocks;

    private long payloadBytes;

    Batch(
            Disk disk,
            Storage storage,
            BlockMap map,
            BatPages batPages,
            SpaceAllocator allocator,
            Quarantine quarantine,
            Staging staging,
            @Nullable PartialBlocks partialBlocks) {
        this.disk = disk;
        this.storage = storage;
        this.map = map;
        this.batPages = batPages;
        this.allocator = allocator;
        this.quarantine = quarantine;
        this.staging = staging;
        this.partialBlocks = partialBlocks;
    }

    /**
     * Begins a batch.
     *
     * @param givenPages the pages that its log entry will hold in any case, by their place in the file; null if there can be
     *     no entry, so that the batch must not change the map
     */
    void begin(@Nullable Set<Long> givenPages) {
        staging.begin(givenPages);
        payloadBytes = 0;
    }

    Disk disk() {
        return disk;
    }

    boolean hasRoomFor(long blockIndex) {
        return payloadBytes < PAYLOAD_MAX_BYTES
                && staging.hasRoomFor(blockIndex)
                && (partialBlocks == null || partialBlocks.hasRoom());
    }

    /** Whether the block has space of its own, as things will be. */
    boolean isPresent(long blockIndex) {
        return BlockMap.isFullyPresent(staging.entry(blockIndex));
    }

    /** Whether some of the block may be the content of the disk's parent, as things will be. */
    boolean leansOnParent(long blockIndex) {
        return partialBlocks != null && partialBlocks.leansOnParent(blockIndex);
    }

    /** Whether the block has space in the file, for all of it or for some sectors, as things will be. */
    boolean hasPlace(long blockIndex) {
        return BlockMap.isPresent(staging.entry(blockIndex));
    }

    /** Whether any block of a range may be in another state than NOT_PRESENT and ZERO, or leans on the disk's parent. */
    boolean holdsMapped(long offsetBytes, long endBytes) {
        if (offsetBytes == endBytes) {
            return false;
        }
        long lastBlock = disk.blockOf(endBytes - 1);
        if (disk.hasParent()) {
            for (long block = disk.blockOf(offsetBytes); block <= lastBlock; block++) {
                if (BlockMap.state(map.entry(block)) != PayloadBlockState.ZERO) {
                    return true;
                }
            }
            return false;
        }
        long block = map.nextMapped(disk.blockOf(offsetBytes));
        while (block <= lastBlock) {
            switch (BlockMap.state(map.entry(block))) {
                case NOT_PRESENT, ZERO -> block = map.nextMapped(block + 1);
                case UNDEFINED, UNMAPPED, FULLY_PRESENT, PARTIALLY_PRESENT -> {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Takes space for a block that has none: its place in MiB, or -1 if there is none in stock.
     *
     * @throws NoSpaceException if the block's page of the BAT stands in a hole of the file that cannot be filled
     */
    long takeSpace(long blockIndex) throws IOException {
        batPages.reserve(storage, blockIndex);
        return allocator.take();
    }

    /** Writes into a block that is present. */
    void writeInPlace(long blockIndex, long inBlockBytes, ByteBuffer[] srcs, long lengthBytes) throws IOException {
        storage.write(srcs, placeBytes(blockIndex) + inBlockBytes);
        payloadBytes += lengthBytes;
    }

    /** Writes into space that {@link #takeSpace} gave, and maps the block to it. */
    void writeToNewBlock(long blockIndex, long placeMib, long inBlockBytes, ByteBuffer[] srcs, long lengthBytes)
            throws IOException {
        boolean written = false;
        try {
            storage.write(srcs, placeMib * Geometry.MIB + inBlockBytes);
            written = true;
        } finally {
            if (!written) {
                quarantine.retireUnseen(staging.runAt(placeMib));
            }
        }
        payloadBytes += lengthBytes;
        mapTo(blockIndex, placeMib);
    }

    /** Makes sure that space which {@link #takeSpace} gave will not fail a later write, and maps the block to it. */
    void reserveNewBlock(long blockIndex, long placeMib) throws IOException {
        boolean reserved = false;
        try {
            storage.reserve(placeMib * Geometry.MIB, disk.geometry().blockSizeBytes());
            reserved = true;
        } finally {
            if (!reserved) {
                allocator.putBack(placeMib);
            }
        }
        mapTo(blockIndex, placeMib);
    }

    /**
     * Writes into a block that leans on the disk's parent.
     *
     * @return false if there was no space for the block; nothing was done
     */
    boolean writeSectors(
            Operation operation, long blockIndex, long inBlockBytes, GatherCursor payload, long lengthBytes)
            throws IOException {
        return partialBlocks().change(operation, blockIndex, inBlockBytes, inBlockBytes + lengthBytes, offsetBytes -> {
            storage.write(payload.take(lengthBytes), offsetBytes);
            payloadBytes += lengthBytes;
        });
    }

    /** As {@link #writeSectors}, with zeros. */
    boolean zeroSectors(Operation operation, long blockIndex, long inBlockBytes, long lengthBytes, boolean keepSpace)
            throws IOException {
        return partialBlocks()
                .change(
                        operation,
                        blockIndex,
                        inBlockBytes,
                        inBlockBytes + lengthBytes,
                        offsetBytes -> zero(offsetBytes, lengthBytes, keepSpace));
    }

    private PartialBlocks partialBlocks() {
        assert partialBlocks != null;
        return partialBlocks;
    }

    /** Makes a part of a block that is present read as zeros. */
    void zeroInPlace(long blockIndex, long inBlockBytes, long lengthBytes, boolean keepSpace) throws IOException {
        zero(placeBytes(blockIndex) + inBlockBytes, lengthBytes, keepSpace);
    }

    private void zero(long offsetBytes, long lengthBytes, boolean keepSpace) throws IOException {
        if (lengthBytes <= WRITTEN_ZEROS_MAX_BYTES) {
            storage.write(ZEROS.slice(0, (int) lengthBytes), offsetBytes);
            payloadBytes += lengthBytes;
        } else {
            if (keepSpace) {
                storage.zeroRange(offsetBytes, lengthBytes);
            } else {
                storage.punchHole(offsetBytes, lengthBytes);
            }
            payloadBytes += disk.zeroesFast() ? 0 : lengthBytes;
        }
    }

    /** Gives a part of a block that is present back to the file system. */
    void punchInPlace(long blockIndex, long inBlockBytes, long lengthBytes) throws IOException {
        storage.punchHole(placeBytes(blockIndex) + inBlockBytes, lengthBytes);
    }

    /** Takes a block's space away; the block reads as zeros from then on. */
    void unmap(long blockIndex, PayloadBlockState state) throws IOException {
        batPages.reserve(storage, blockIndex);
        stageWhole(blockIndex, BlockMap.entryOf(state, 0));
    }

    /**
     * Makes sure that a block without space reads as zeros in every program: one in the state UNMAPPED or UNDEFINED may
     * show old content elsewhere ([MS-VHDX] 2.5.1.1), here it read as zeros all the time.
     */
    void settleAsZero(long blockIndex) throws IOException {
        switch (BlockMap.state(staging.entry(blockIndex))) {
            case UNMAPPED, UNDEFINED -> unmap(blockIndex, PayloadBlockState.ZERO);
            case NOT_PRESENT, ZERO, FULLY_PRESENT, PARTIALLY_PRESENT -> {}
        }
    }

    /**
     * Stages what was written earlier and may be shown now. To be called before anything else is staged.
     *
     * @return how much was staged
     */
    int stageDurable() {
        return partialBlocks == null ? 0 : partialBlocks.stageReady();
    }

    /** As {@link PartialBlocks#coverEnd}; a disk without a parent has nothing to be covered. */
    boolean coverEnd(Operation operation, long parentSizeBytes) throws IOException {
        return partialBlocks == null || partialBlocks.coverEnd(operation, parentSizeBytes);
    }

    /** Gives back what was taken and not used, at the close of the image. */
    void releaseUnused() {
        if (partialBlocks != null) {
            partialBlocks.releaseUnused();
        }
    }

    boolean hasStaged() {
        return !staging.isEmpty();
    }

    /** The pages of the log entry that makes the staged changes. */
    List<LogPage> pages() {
        return staging.pages();
    }

    /** The sector bitmap blocks that the disk may still need space for. */
    long absentBitmapCount() {
        return staging.absentBitmapCount();
    }

    /**
     * Shows the staged changes to everybody. They are in the log.
     *
     * @return by how many the number of present blocks has changed
     */
    int publish() {
        return staging.publish();
    }

    private long placeBytes(long blockIndex) {
        return BlockMap.fileOffsetBytes(staging.entry(blockIndex));
    }

    private void mapTo(long blockIndex, long placeMib) {
        stageWhole(blockIndex, BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, placeMib));
    }

    /** Stages an entry that gives all of the block new content. */
    private void stageWhole(long blockIndex, int newEntry) {
        if (partialBlocks != null) {
            partialBlocks.cancel(blockIndex);
        }
        staging.stage(blockIndex, newEntry);
    }
}
