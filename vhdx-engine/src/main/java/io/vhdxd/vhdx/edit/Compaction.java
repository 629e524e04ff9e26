package io.vhdxd.vhdx.edit;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import io.vhdxd.vhdx.write.PageEdits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes the file of an image as small as its blocks allow: gives up the space of blocks that hold nothing, moves the blocks
 * from the end of the file into the gaps before them, and cuts the file.
 *
 * <p>A block is copied, the copy is made durable, and then a log entry lets the BAT name the copy; the old place is used
 * again only when that is durable in its place. So a crash at any moment finds every block at the one or the other place. What
 * a guest reads does not change, and neither does the DataWriteGuid: children of the disk stay valid ([MS-VHDX] 2.2.2).
 *
 * <p>The sector bitmap blocks of a differencing disk move in the same way; those that no block needs are given up. Its
 * parents are not read: blocks that are not present stay so, and one that is given up becomes ZERO.
 */
public final class Compaction {
    private static final int COPY_BYTES = 4 << 20;
    /** The unit of holes in files. */
    private static final int HOLE_BYTES = 4096;

    private static final int PAGE_ENTRIES = 512;
    /** So much is copied between two syncs. */
    private static final long STEP_COPY_BYTES = 256L << 20;

    private static final int STEP_BLOCKS_MAX = 4096;

    private final Storage storage;
    private final LoadedImage image;
    private final Geometry geometry;
    private final BlockMap blocks;
    /** Where the sector bitmap blocks are; null if the disk has no parent. */
    private final @Nullable BitmapPlaces bitmaps;

    private final SpaceMap space;
    private final Progress progress;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
    private final boolean fixed;

    private PageEdits changes;
    private final Set<Long> changedPages = new HashSet<>();
    private final SpaceMap freed = new SpaceMap();
    private int changeCount;
    private long movedBlocks;
    /** Before these, no gap has room for a block, and for a sector bitmap block. */
    private long gapCursorMib;

    private long bitmapGapCursorMib;

    /**
     * What came of it.
     *
     * @param zeroBlockCount blocks full of zeros that gave up their space
     * @param movedBlockCount blocks that were moved, sector bitmap blocks included
     */
    public record Outcome(
            long fileSizeBeforeBytes, long fileSizeAfterBytes, long zeroBlockCount, long movedBlockCount) {}

    /** @param image is loaded from the storage, without anything to replay */
    public Compaction(Storage storage, LoadedImage image, Progress progress) {
        this.storage = storage;
        this.image = image;
        this.geometry = image.geometry();
        this.blocks = image.blockMap();
        this.bitmaps = image.bitmapPlaces();
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
     * @throws NoSpaceException if the log or a copy found no room; the image is sound, and what was done stays
     */
    public Outcome run(boolean findZeros, Supplier<UUID> newGuid) throws IOException {
        long sizeBefore = storage.size();
        boolean dropsZeros = findZeros && !fixed;
        LoggedEdits edits = begin(dropsZeros, newGuid);
        long zeroBlocks = 0;
        try {
            dropAnchors(edits);
            dropBitmaps(edits);
            zeroBlocks = dropsZeros ? dropZeroBlocks(edits) : 0;
            moveBlocks(edits);
        } catch (NoSpaceException e) {
            edits.finish();
            UnusedSpace.giveBack(storage, space);
            throw new NoSpaceException(
                    movedBlocks + " blocks were moved; each needs " + geometry.blockSizeMib()
                            + " MiB of the file system's space on its way: " + e.getMessage(),
                    e);
        }
        edits.finish();
        UnusedSpace.giveBack(storage, space);
        return new Outcome(sizeBefore, storage.size(), zeroBlocks, movedBlocks);
    }

    /** Where the file system has no room for the log, the holes come first: they need no log. */
    private LoggedEdits begin(boolean dropsZeros, Supplier<UUID> newGuid) throws IOException {
        try {
            return LoggedEdits.begin(storage, image.headers(), header -> header, newGuid);
        } catch (NoSpaceException e) {
            HeaderUpdate headers = new HeaderUpdate(storage, image.headers());
            headers.write(header -> header.withFileWriteGuid(newGuid.get()));
            UnusedSpace.giveBack(storage, space);
            if (dropsZeros) {
                makeHolesOfZeros();
            }
            return LoggedEdits.begin(storage, headers.headers(), header -> header, newGuid);
        }
    }

    private void makeHolesOfZeros() throws IOException {
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            int entry = blocks.entry(block);
            if (BlockMap.isFullyPresent(entry) && isZero(BlockMap.fileOffsetBytes(entry))) {
                storage.punchHole(BlockMap.fileOffsetBytes(entry), geometry.blockSizeBytes());
            }
        }
    }

    private void dropAnchors(LoggedEdits edits) throws IOException {
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            int entry = blocks.entry(block);
            if (!BlockMap.isPresent(entry) && BlockMap.fileOffsetMib(entry) != 0) {
                stage(edits, block, BlockMap.state(entry), 0);
            }
        }
        commit(edits);
    }

    /** Gives up the sector bitmap blocks of chunks that have no block which leans on one. */
    private void dropBitmaps(LoggedEdits edits) throws IOException {
        if (bitmaps == null) {
            return;
        }
        BitSet needed = new BitSet();
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            if (BlockMap.isPartiallyPresent(blocks.entry(block))) {
                needed.set(Math.toIntExact(geometry.chunkOfBlock(block)));
            }
        }
        for (int chunk = 0; chunk < bitmaps.chunkCount(); chunk++) {
            if (bitmaps.placeMib(chunk) != 0 && !needed.get(chunk)) {
                stageBitmap(edits, chunk, 0);
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

    /** What can be moved, and where it is. */
    private record Placed(boolean isBitmap, long index, long placeMib) {}

    private void moveBlocks(LoggedEdits edits) throws IOException {
        PriorityQueue<Placed> highestFirst = movable();
        progress.begin("moving blocks", movableBytes());
        long stepBytes = 0;
        Placed highest = highestFirst.poll();
        while (highest != null) {
            int lengthMib = highest.isBitmap ? 1 : geometry.blockSizeMib();
            long gapMib = gapBefore(highest.placeMib, lengthMib, highest.isBitmap ? bitmapGapCursorMib : gapCursorMib);
            if (gapMib < 0) {
                break;
            }
            space.claim(gapMib, lengthMib);
            try {
                copyOrMakeRoom(edits, highest.placeMib, gapMib, lengthMib);
            } catch (NoSpaceException e) {
                space.release(gapMib, lengthMib);
                throw e;
            }
            if (highest.isBitmap) {
                bitmapGapCursorMib = gapMib + lengthMib;
                stageBitmap(edits, highest.index, gapMib);
            } else {
                gapCursorMib = gapMib + lengthMib;
                stage(edits, highest.index, BlockMap.state(blocks.entry(highest.index)), gapMib);
            }
            movedBlocks++;
            progress.advance(lengthMib * Geometry.MIB);
            stepBytes += lengthMib * Geometry.MIB;
            if (stepBytes >= STEP_COPY_BYTES) {
                commit(edits);
                stepBytes = 0;
            }
            highest = highestFirst.poll();
        }
        commit(edits);
    }

    private PriorityQueue<Placed> movable() {
        PriorityQueue<Placed> highestFirst = new PriorityQueue<>((a, b) -> Long.compare(b.placeMib, a.placeMib));
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            if (BlockMap.isPresent(blocks.entry(block))) {
                highestFirst.add(new Placed(false, block, BlockMap.fileOffsetMib(blocks.entry(block))));
            }
        }
        for (long chunk = 0; bitmaps != null && chunk < bitmaps.chunkCount(); chunk++) {
            if (bitmaps.placeMib(chunk) != 0) {
                highestFirst.add(new Placed(true, chunk, bitmaps.placeMib(chunk)));
            }
        }
        return highestFirst;
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

    /** The first gap with room for so much that ends before this place, -1 if there is none. */
    private long gapBefore(long placeMib, int lengthMib, long cursorMib) {
        long at = cursorMib;
        while (true) {
            long from = space.nextFreeMib(at);
            if (from + lengthMib > placeMib) {
                return -1;
            }
            if (space.isFree(from, lengthMib)) {
                return from;
            }
            at = space.nextUsedMib(from);
        }
    }

    /** Copies a block. If there is no room, the step ends before it, and gives back the places of the blocks that it has moved. */
    private void copyOrMakeRoom(LoggedEdits edits, long fromMib, long toMib, int lengthMib) throws IOException {
        try {
            copy(fromMib * Geometry.MIB, toMib * Geometry.MIB, lengthMib * (int) Geometry.MIB);
        } catch (NoSpaceException e) {
            if (changeCount == 0) {
                throw e;
            }
            commit(edits);
            copy(fromMib * Geometry.MIB, toMib * Geometry.MIB, lengthMib * (int) Geometry.MIB);
        }
    }

    private void copy(long fromBytes, long toBytes, int lengthBytes) throws IOException {
        storage.punchHole(toBytes, lengthBytes);
        if (fixed) {
            storage.reserve(toBytes, lengthBytes);
        }
        long end = Math.min(fromBytes + lengthBytes, storage.size());
        long at = storage.nextData(fromBytes);
        while (at < end) {
            buffer.clear().limit((int) Math.min(COPY_BYTES, end - at));
            storage.read(buffer, at);
            buffer.flip();
            long to = toBytes + (at - fromBytes);
            // A copy must not take more space than what it is a copy of.
            Zeros.forEachData(
                    buffer, HOLE_BYTES, (offset, length) -> storage.write(buffer.slice(offset, length), to + offset));
            at = storage.nextData(at + buffer.limit());
        }
    }

    private void stage(LoggedEdits edits, long block, PayloadBlockState state, long placeMib) throws IOException {
        stageEntry(edits, geometry.batIndexOfBlock(block), state, placeMib);
        freed.claim(BlockMap.fileOffsetMib(blocks.entry(block)), geometry.blockSizeMib());
        blocks.publish(block, BlockMap.entryOf(state, placeMib));
    }

    /** @param placeMib 0 if the chunk is to have no bitmap any more */
    private void stageBitmap(LoggedEdits edits, long chunk, long placeMib) throws IOException {
        BitmapPlaces places = Objects.requireNonNull(bitmaps);
        // A bitmap block that is there has the same code as a payload block that is fully present.
        PayloadBlockState state = placeMib == 0 ? PayloadBlockState.NOT_PRESENT : PayloadBlockState.FULLY_PRESENT;
        stageEntry(edits, geometry.batIndexOfBitmap(chunk), state, placeMib);
        freed.claim(places.placeMib(chunk), 1);
        places.publish(chunk, placeMib);
    }

    private void stageEntry(LoggedEdits edits, long batIndex, PayloadBlockState state, long placeMib)
            throws IOException {
        boolean furtherPage = !changedPages.contains(batIndex / PAGE_ENTRIES);
        if (changeCount == STEP_BLOCKS_MAX || (furtherPage && changedPages.size() == LoggedEdits.STEP_PAGES_MAX)) {
            commit(edits);
        }
        changedPages.add(batIndex / PAGE_ENTRIES);
        changeCount++;
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
            storage.punchHole(from * Geometry.MIB, (to - from) * Geometry.MIB);
            freed.release(from, to - from);
            gapCursorMib = Math.min(gapCursorMib, from);
            bitmapGapCursorMib = Math.min(bitmapGapCursorMib, from);
            from = freed.nextUsedMib(to);
        }
    }
}
