package io.vhdxd.vhdx.edit;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import io.vhdxd.vhdx.write.PageEdits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Makes the file of an image as small as its blocks allow: gives up the space of blocks that hold nothing, moves the blocks
 * from the end of the file into the gaps before them, and cuts the file.
 *
 * <p>A block is copied, the copy is made durable, and then a log entry lets the BAT name the copy; the old place is used
 * again only when that is durable in its place. So a crash at any moment finds every block at the one or the other place. What
 * a guest reads does not change, and neither does the DataWriteGuid: children of the disk stay valid ([MS-VHDX] 2.2.2).
 */
public final class Compaction {
    private static final int COPY_BYTES = 4 << 20;
    private static final int PAGE_ENTRIES = 512;
    /** So much is copied between two syncs. */
    private static final long STEP_COPY_BYTES = 256L << 20;

    private static final int STEP_BLOCKS_MAX = 4096;

    private final Storage storage;
    private final LoadedImage image;
    private final Geometry geometry;
    private final BlockMap blocks;
    private final SpaceMap space;
    private final Progress progress;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
    private final boolean fixed;

    private PageEdits changes;
    private final Set<Long> changedPages = new HashSet<>();
    private final SpaceMap freed = new SpaceMap();
    private int changeCount;
    private long gapCursorMib;

    /**
     * What came of it.
     *
     * @param zeroBlockCount blocks full of zeros that gave up their space
     * @param movedBlockCount blocks that were moved
     */
    public record Outcome(
            long fileSizeBeforeBytes, long fileSizeAfterBytes, long zeroBlockCount, long movedBlockCount) {}

    /** @param image is loaded from the storage, without anything to replay */
    public Compaction(Storage storage, LoadedImage image, Progress progress) {
        this.storage = storage;
        this.image = image;
        this.geometry = image.geometry();
        this.blocks = image.blockMap();
        this.space = image.spaceMap();
        this.progress = progress;
        this.fixed = image.metadata().fileParameters().leaveBlocksAllocated();
        this.changes = new PageEdits(storage);
    }

    /**
     * Does it.
     *
     * @param findZeros whether to read all blocks, and give up the space of those that are full of zeros. A fixed disk keeps
     *     them all the same
     * @throws NoSpaceException if a copy found no room; the image is sound, and what was done stays
     */
    public Outcome run(boolean findZeros, Supplier<UUID> newGuid) throws IOException {
        long sizeBefore = storage.size();
        LoggedEdits edits = LoggedEdits.begin(storage, image.headers(), header -> header, newGuid);
        long zeroBlocks = 0;
        long movedBlocks = 0;
        try {
            dropAnchors(edits);
            zeroBlocks = findZeros && !fixed ? dropZeroBlocks(edits) : 0;
            movedBlocks = moveBlocks(edits);
        } catch (NoSpaceException e) {
            edits.finish();
            throw e;
        }
        edits.finish();
        UnusedSpace.giveBack(storage, space);
        return new Outcome(sizeBefore, storage.size(), zeroBlocks, movedBlocks);
    }

    private void dropAnchors(LoggedEdits edits) throws IOException {
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            int entry = blocks.entry(block);
            if (!BlockMap.isFullyPresent(entry) && BlockMap.fileOffsetMib(entry) != 0) {
                stage(edits, block, BlockMap.state(entry), 0);
            }
        }
        commit(edits);
    }

    private long dropZeroBlocks(LoggedEdits edits) throws IOException {
        progress.begin("looking for blocks of zeros", image.presentBlockCount() * geometry.blockSizeBytes());
        long count = 0;
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            int entry = blocks.entry(block);
            if (BlockMap.isFullyPresent(entry)) {
                if (isZero(BlockMap.fileOffsetBytes(entry))) {
                    stage(edits, block, PayloadBlockState.ZERO, 0);
                    count++;
                }
                progress.advance(geometry.blockSizeBytes());
            }
        }
        commit(edits);
        return count;
    }

    private boolean isZero(long placeBytes) throws IOException {
        long end = Math.min(placeBytes + geometry.blockSizeBytes(), storage.size());
        long at = storage.nextData(placeBytes);
        while (at < end) {
            buffer.clear().limit((int) Math.min(COPY_BYTES, end - at));
            storage.read(buffer, at);
            if (!Zeros.isAll(buffer.flip())) {
                return false;
            }
            at = storage.nextData(at + buffer.limit());
        }
        return true;
    }

    /** A block and where it is. */
    private record Placed(long block, long placeMib) {}

    private long moveBlocks(LoggedEdits edits) throws IOException {
        PriorityQueue<Placed> highestFirst = new PriorityQueue<>((a, b) -> Long.compare(b.placeMib, a.placeMib));
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            if (BlockMap.isFullyPresent(blocks.entry(block))) {
                highestFirst.add(new Placed(block, BlockMap.fileOffsetMib(blocks.entry(block))));
            }
        }
        progress.begin("moving blocks", movableBytes());
        long count = 0;
        long stepBytes = 0;
        Placed highest = highestFirst.poll();
        while (highest != null) {
            long gapMib = gapBefore(highest.placeMib);
            if (gapMib < 0) {
                break;
            }
            space.claim(gapMib, geometry.blockSizeMib());
            copy(highest.placeMib * Geometry.MIB, gapMib * Geometry.MIB);
            stage(edits, highest.block, PayloadBlockState.FULLY_PRESENT, gapMib);
            count++;
            progress.advance(geometry.blockSizeBytes());
            stepBytes += geometry.blockSizeBytes();
            if (stepBytes >= STEP_COPY_BYTES) {
                commit(edits);
                stepBytes = 0;
            }
            highest = highestFirst.poll();
        }
        commit(edits);
        return count;
    }

    /** No more than fits into the gaps is ever moved. */
    private long movableBytes() {
        long gapMib = 0;
        long from = space.nextFreeMib(0);
        while (from < space.endMib()) {
            long to = space.nextUsedMib(from);
            gapMib += (to - from) / geometry.blockSizeMib() * geometry.blockSizeMib();
            from = space.nextFreeMib(to);
        }
        return Math.min(gapMib, image.presentBlockCount() * geometry.blockSizeMib()) * Geometry.MIB;
    }

    /** The first gap with room for a block that ends before this place, -1 if there is none. */
    private long gapBefore(long placeMib) {
        while (true) {
            long from = space.nextFreeMib(gapCursorMib);
            if (from + geometry.blockSizeMib() > placeMib) {
                return -1;
            }
            if (space.isFree(from, geometry.blockSizeMib())) {
                gapCursorMib = from + geometry.blockSizeMib();
                return from;
            }
            gapCursorMib = space.nextUsedMib(from);
        }
    }

    private void copy(long fromBytes, long toBytes) throws IOException {
        storage.punchHole(toBytes, geometry.blockSizeBytes());
        if (fixed) {
            storage.reserve(toBytes, geometry.blockSizeBytes());
        }
        long end = Math.min(fromBytes + geometry.blockSizeBytes(), storage.size());
        long at = storage.nextData(fromBytes);
        while (at < end) {
            buffer.clear().limit((int) Math.min(COPY_BYTES, end - at));
            storage.read(buffer, at);
            buffer.flip();
            int length = buffer.limit();
            storage.write(buffer, toBytes + (at - fromBytes));
            at = storage.nextData(at + length);
        }
    }

    private void stage(LoggedEdits edits, long block, PayloadBlockState state, long placeMib) throws IOException {
        long batIndex = geometry.batIndexOfBlock(block);
        boolean furtherPage = !changedPages.contains(batIndex / PAGE_ENTRIES);
        if (changeCount == STEP_BLOCKS_MAX || (furtherPage && changedPages.size() == LoggedEdits.STEP_PAGES_MAX)) {
            commit(edits);
        }
        changedPages.add(batIndex / PAGE_ENTRIES);
        changeCount++;
        long oldPlaceMib = BlockMap.fileOffsetMib(blocks.entry(block));
        freed.claim(oldPlaceMib, geometry.blockSizeMib());
        blocks.publish(block, BlockMap.entryOf(state, placeMib));
        changes.put(
                image.regions().bat().fileOffsetBytes() + batIndex * BatEntry.BYTES,
                ByteBuffer.allocateDirect(BatEntry.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, BatEntry.encode(state, placeMib)));
    }

    private void commit(LoggedEdits edits) throws IOException {
        edits.commit(changes);
        changes = new PageEdits(storage);
        changedPages.clear();
        changeCount = 0;
        long from = freed.nextUsedMib(0);
        while (from >= 0) {
            long to = freed.nextFreeMib(from);
            space.release(from, to - from);
            freed.release(from, to - from);
            gapCursorMib = Math.min(gapCursorMib, from);
            from = freed.nextUsedMib(to);
        }
    }
}
