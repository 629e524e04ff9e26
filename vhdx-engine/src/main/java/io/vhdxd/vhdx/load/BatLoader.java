package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Reads the BAT into the block map, and enters the space of the blocks in the space map
 * ([MS-VHDX] 2.5). Holes of the file are skipped: an entry of zeros is a block that was never written.
 */
final class BatLoader {
    private static final int SLICE_BYTES = 1 << 20;

    /** The file system's holes start and end on pages of at least this size. */
    private static final int PAGE_BYTES = 4096;

    /** Offsets from here on do not fit into 63 bits. */
    private static final long OFFSET_LIMIT_MIB = 1L << 43;

    private static final int DRAFT_UNMAPPED = 5;

    /** What a block becomes whose entry says nothing that could be trusted. */
    private static final int UNREADABLE = BlockMap.damaged(BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, 0));

    private final Storage storage;
    private final long batOffsetBytes;
    private final Geometry geometry;
    private final SpaceMap structures;
    private final SpaceMap space;
    private final BlockFindings findings;
    private final boolean hasParent;
    private final BlockSpace blockSpace;
    private final BitmapEntries bitmapEntries;
    private final BlockMap blockMap;
    private final long fileSizeBytes;
    private long presentBlockCount;
    private long anchorCount;

    /**
     * Prepares the reading.
     *
     * @param structures the space of everything but blocks; stays as it is
     * @param space the same space; the blocks are added
     */
    BatLoader(
            Storage storage,
            long batOffsetBytes,
            Geometry geometry,
            boolean hasParent,
            SpaceMap structures,
            SpaceMap space,
            Findings findings)
            throws IOException {
        this.storage = storage;
        this.batOffsetBytes = batOffsetBytes;
        this.geometry = geometry;
        this.structures = structures;
        this.space = space;
        this.findings = new BlockFindings(findings, batOffsetBytes);
        this.blockMap = new BlockMap(geometry);
        this.fileSizeBytes = storage.size();
        this.hasParent = hasParent;
        this.blockSpace = new BlockSpace(structures, space, fileSizeBytes, this.findings);
        this.bitmapEntries = new BitmapEntries(geometry, hasParent, batOffsetBytes, blockSpace, this.findings);
    }

    BlockMap load() throws IOException {
        long end = geometry.batEntryCount(hasParent) * BatEntry.BYTES;
        ByteBuffer slice =
                ByteBuffer.allocateDirect((int) Math.min(SLICE_BYTES, end)).order(ByteOrder.LITTLE_ENDIAN);
        long at = 0;
        while (at < end) {
            long dataAt = storage.nextData(batOffsetBytes + at) - batOffsetBytes;
            at = Math.max(at, dataAt - dataAt % PAGE_BYTES);
            if (at < end) {
                slice.clear().limit((int) Math.min(SLICE_BYTES, end - at));
                readFully(slice, batOffsetBytes + at);
                accept(slice, at / BatEntry.BYTES);
                at += SLICE_BYTES;
            }
        }
        if (anchorCount > 0) {
            claimAnchors();
        }
        bitmapEntries.checkPartialBlocks(blockMap);
        findings.finish();
        return blockMap;
    }

    private void readFully(ByteBuffer slice, long offset) throws IOException {
        int expected = slice.remaining();
        int read = storage.read(slice, offset);
        if (read < expected) {
            throw new CorruptImageException(
                    "BAT", offset, "the file ends " + read + " bytes behind this place, expected " + expected);
        }
        slice.flip();
    }

    /** Where the sector bitmap blocks are; null if the disk has no parent. */
    @Nullable BitmapPlaces bitmapPlaces() {
        return bitmapEntries.places();
    }

    long presentBlockCount() {
        return presentBlockCount;
    }

    private void accept(ByteBuffer slice, long firstIndex) throws CorruptImageException {
        for (long index = firstIndex; slice.hasRemaining(); index++) {
            long entry = slice.getLong();
            if (entry != 0) {
                accept(index, entry);
            }
        }
    }

    private void accept(long batIndex, long entry) throws CorruptImageException {
        if (!geometry.isBitmapIndex(batIndex) && geometry.blockOfBatIndex(batIndex) >= geometry.blockCount()) {
            // The last chunk of a differencing disk has entries for blocks behind the disk's end. They count for
            // nobody, and what was cut short may have left anything there.
            return;
        }
        if (BatEntry.fileOffsetMib(entry) >= OFFSET_LIMIT_MIB) {
            throw new CorruptImageException(
                    "BAT entry " + batIndex,
                    batOffsetBytes + batIndex * BatEntry.BYTES,
                    "file offset of " + BatEntry.fileOffsetMib(entry) + " MiB, expected less than " + OFFSET_LIMIT_MIB);
        }
        if (BatEntry.reservedBits(entry) != 0) {
            findings.add(
                    BlockProblem.RESERVED_BITS,
                    batIndex,
                    () -> "reserved bits are set: 0x%x, expected 0".formatted(BatEntry.reservedBits(entry)));
        }
        if (geometry.isBitmapIndex(batIndex)) {
            bitmapEntries.accept(batIndex, entry);
            return;
        }
        long block = geometry.blockOfBatIndex(batIndex);
        switch (BatEntry.stateCode(entry)) {
            case 0, 2 -> acceptWithoutPlace(batIndex, block, entry);
            case 1, 3, 5 -> acceptUnmapped(batIndex, block, entry);
            case 6, 7 -> acceptPresent(batIndex, block, entry);
            default -> {
                findings.add(
                        BlockProblem.RESERVED_STATE,
                        batIndex,
                        () -> "block " + block + " has the reserved state 4; it cannot be read");
                blockMap.publish(block, UNREADABLE);
            }
        }
    }

    private void acceptWithoutPlace(long batIndex, long block, long entry) {
        PayloadBlockState state =
                BatEntry.stateCode(entry) == 0 ? PayloadBlockState.NOT_PRESENT : PayloadBlockState.ZERO;
        if (BatEntry.fileOffsetMib(entry) != 0) {
            findings.add(
                    BlockProblem.PLACE_WITHOUT_CONTENT,
                    batIndex,
                    () -> "block " + block + " is " + state + " with file offset "
                            + BatEntry.fileOffsetMib(entry) * Geometry.MIB + ", expected 0; the offset is ignored");
        }
        blockMap.publish(block, BlockMap.entryOf(state, 0));
    }

    private void acceptUnmapped(long batIndex, long block, long entry) {
        if (BatEntry.stateCode(entry) == DRAFT_UNMAPPED) {
            findings.add(
                    BlockProblem.DRAFT_UNMAPPED,
                    batIndex,
                    () -> "block " + block
                            + " has the state 5 of a draft of the specification; it is taken as UNMAPPED");
        }
        PayloadBlockState state =
                BatEntry.stateCode(entry) == 1 ? PayloadBlockState.UNDEFINED : PayloadBlockState.UNMAPPED;
        long offsetMib = BatEntry.fileOffsetMib(entry);
        if (offsetMib == 0 || blockSpace.isInFile(offsetMib, geometry.blockSizeMib())) {
            anchorCount += offsetMib == 0 ? 0 : 1;
            blockMap.publish(block, BlockMap.entryOf(state, offsetMib));
        } else {
            dropAnchor(block, state, offsetMib);
        }
    }

    private void dropAnchor(long block, PayloadBlockState state, long offsetMib) {
        findings.add(
                BlockProblem.ANCHOR_DROPPED,
                geometry.batIndexOfBlock(block),
                () -> "block " + block + " is " + state + " with file offset " + offsetMib * Geometry.MIB
                        + ", expected 0 or space in the file that nothing else uses; the offset is ignored");
        blockMap.publish(block, BlockMap.entryOf(state, 0));
    }

    private void acceptPresent(long batIndex, long block, long entry) {
        presentBlockCount++;
        boolean partial = BatEntry.stateCode(entry) == PayloadBlockState.PARTIALLY_PRESENT.code();
        if (partial && !hasParent) {
            findings.add(
                    BlockProblem.PARTIAL_WITHOUT_PARENT,
                    batIndex,
                    () -> "block " + block + " is partially present in a disk without a parent; it is taken as fully"
                            + " present");
        }
        long offsetMib = BatEntry.fileOffsetMib(entry);
        if (isReadable(batIndex, block, offsetMib)) {
            blockSpace.claim(batIndex, "block " + block, offsetMib, geometry.blockSizeMib());
            blockMap.publish(
                    block,
                    BlockMap.entryOf(
                            partial && hasParent
                                    ? PayloadBlockState.PARTIALLY_PRESENT
                                    : PayloadBlockState.FULLY_PRESENT,
                            offsetMib));
        } else {
            blockMap.publish(block, UNREADABLE);
        }
    }

    private boolean isReadable(long batIndex, long block, long offsetMib) {
        if (offsetMib == 0) {
            findings.add(
                    BlockProblem.NO_PLACE,
                    batIndex,
                    () -> "block " + block + " is present at file offset 0, expected at least " + Geometry.MIB);
            return false;
        }
        long offset = offsetMib * Geometry.MIB;
        if (offsetMib >= BlockMap.FILE_OFFSET_LIMIT_MIB) {
            findings.add(
                    BlockProblem.BEYOND_LIMIT,
                    batIndex,
                    () -> "block " + block + " is present at file offset " + offset + ", expected less than "
                            + BlockMap.FILE_OFFSET_LIMIT_MIB * Geometry.MIB);
            return false;
        }
        boolean last = block == geometry.blockCount() - 1;
        if (last ? offset >= fileSizeBytes : offset > fileSizeBytes - geometry.blockSizeBytes()) {
            findings.add(
                    BlockProblem.BEYOND_END,
                    batIndex,
                    () -> "block " + block + " takes " + geometry.blockSizeBytes() + " bytes at file offset " + offset
                            + ", but the file ends at " + fileSizeBytes);
            return false;
        }
        if (!structures.isFree(offsetMib, geometry.blockSizeMib())) {
            findings.add(
                    BlockProblem.OVER_STRUCTURE,
                    batIndex,
                    () -> "block " + block + " takes " + geometry.blockSizeBytes() + " bytes at file offset " + offset
                            + ", expected space outside the log and the regions");
            return false;
        }
        return true;
    }

    /** Soft anchors come last: whatever else uses their space goes before them. */
    private void claimAnchors() {
        long block = blockMap.nextMapped(0);
        while (block < geometry.blockCount()) {
            int entry = blockMap.entry(block);
            long offsetMib = BlockMap.fileOffsetMib(entry);
            if (offsetMib != 0 && !BlockMap.isPresent(entry)) {
                if (space.isFree(offsetMib, geometry.blockSizeMib())) {
                    space.claim(offsetMib, geometry.blockSizeMib());
                } else {
                    dropAnchor(block, BlockMap.state(entry), offsetMib);
                }
            }
            block = blockMap.nextMapped(block + 1);
        }
    }
}
