package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import org.jspecify.annotations.Nullable;

/**
 * The entries of sector bitmap blocks in the BAT ([MS-VHDX] 2.5.1.2). Only a differencing disk has such blocks; in the BAT
 * of another one their entries are zero, and anything else is told and not used.
 */
final class BitmapEntries {
    private static final int NOT_PRESENT = 0;
    private static final int PRESENT = 6;

    private final Geometry geometry;
    private final long batOffsetBytes;
    private final BlockSpace space;
    private final BlockFindings findings;
    private final @Nullable BitmapPlaces places;

    BitmapEntries(Geometry geometry, boolean hasParent, long batOffsetBytes, BlockSpace space, BlockFindings findings) {
        this.geometry = geometry;
        this.batOffsetBytes = batOffsetBytes;
        this.space = space;
        this.findings = findings;
        this.places = hasParent ? new BitmapPlaces(geometry) : null;
    }

    /** Where the bitmap blocks are; null if the disk has no parent. */
    @Nullable BitmapPlaces places() {
        return places;
    }

    /** Takes in an entry that is not zero. */
    void accept(long batIndex, long entry) throws CorruptImageException {
        if (places == null) {
            acceptWithoutParent(batIndex, entry);
            return;
        }
        long chunk = geometry.chunkOfBatIndex(batIndex);
        long offsetMib = BatEntry.fileOffsetMib(entry);
        switch (BatEntry.stateCode(entry)) {
            case NOT_PRESENT -> {
                if (offsetMib != 0) {
                    findings.add(
                            BlockProblem.PLACE_WITHOUT_CONTENT,
                            batIndex,
                            () -> describe(chunk) + " is not present with file offset " + offsetMib * Geometry.MIB
                                    + ", expected 0; the offset is ignored");
                }
            }
            case PRESENT -> {
                if (space.holdsStructure(offsetMib, 1)) {
                    space.claim(batIndex, describe(chunk), offsetMib, 1);
                    places.publish(chunk, offsetMib);
                } else {
                    findings.add(
                            BlockProblem.BITMAP_UNREADABLE,
                            batIndex,
                            () -> describe(chunk) + " is present at file offset " + offsetMib * Geometry.MIB
                                    + ", expected 1 MiB in the file outside the log and the regions");
                }
            }
            default ->
                throw new CorruptImageException(
                        "BAT entry " + batIndex,
                        batOffsetBytes + batIndex * BatEntry.BYTES,
                        describe(chunk) + " has the state " + BatEntry.stateCode(entry)
                                + ", expected 0 (not present) or 6 (present)");
        }
    }

    private void acceptWithoutParent(long batIndex, long entry) {
        findings.add(
                BlockProblem.BITMAP_WITHOUT_PARENT,
                batIndex,
                () -> "a sector bitmap block with entry 0x%016x, expected 0 in a disk without a parent"
                        .formatted(entry));
        long offsetMib = BatEntry.fileOffsetMib(entry);
        if (BatEntry.stateCode(entry) == PRESENT && offsetMib > 0 && space.isInFile(offsetMib, 1)) {
            space.claim(batIndex, "a sector bitmap block", offsetMib, 1);
        }
    }

    /** Marks blocks as damaged whose sectors cannot be told apart, because their chunk has no bitmap. */
    void checkPartialBlocks(BlockMap blockMap) {
        if (places == null) {
            return;
        }
        for (long block = blockMap.nextMapped(0);
                block < blockMap.blockCount();
                block = blockMap.nextMapped(block + 1)) {
            int entry = blockMap.entry(block);
            if (BlockMap.state(entry) == PayloadBlockState.PARTIALLY_PRESENT
                    && places.placeMib(geometry.chunkOfBlock(block)) == 0) {
                blockMap.publish(block, BlockMap.damaged(entry));
                long damaged = block;
                findings.add(
                        BlockProblem.PARTIAL_WITHOUT_BITMAP,
                        geometry.batIndexOfBlock(block),
                        () -> "block " + damaged + " is partially present, but "
                                + describe(geometry.chunkOfBlock(damaged)) + " is not there; it cannot be read");
            }
        }
    }

    private static String describe(long chunk) {
        return "the sector bitmap block of chunk " + chunk;
    }
}
