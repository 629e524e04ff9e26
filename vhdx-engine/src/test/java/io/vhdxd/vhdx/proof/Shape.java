package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.util.UUID;

/**
 * The image that a workload starts from, and the blocks that it works on: the first and the last sectors of each of them are
 * followed.
 *
 * @param largestSizeBytes the size that it grows to, or the same
 * @param blockCount how many blocks it works on
 * @param firstBlock the first of them
 * @param blockStride how far one of them is from the next
 * @param parentSizeBytes the size of its parent, see {@link ParentDisk}; 0 if it has none
 */
record Shape(
        long virtualSizeBytes,
        long largestSizeBytes,
        int blockSizeBytes,
        boolean fixed,
        int blockCount,
        long firstBlock,
        long blockStride,
        long parentSizeBytes) {
    /** So many sectors at the beginning of a block are followed. */
    static final int FRONT_SECTORS = 24;
    /** So many sectors at its end are followed. */
    static final int BACK_SECTORS = 8;

    private static final int MIB = 1 << 20;

    /** A disk that keeps its size. */
    Shape(long virtualSizeBytes, int blockSizeBytes, boolean fixed, int blockCount, long firstBlock, long blockStride) {
        this(virtualSizeBytes, virtualSizeBytes, blockSizeBytes, fixed, blockCount, firstBlock, blockStride, 0);
    }

    /** A disk that will grow, of so many blocks afterwards whose first is 0. */
    static Shape growing(
            long fromBytes, long toBytes, int blockSizeBytes, boolean fixed, int blockCount, long blockStride) {
        return new Shape(fromBytes, toBytes, blockSizeBytes, fixed, blockCount, 0, blockStride, 0);
    }

    /** Blocks whose entries lie in different sectors of one page of the BAT. */
    static Shape acrossPage() {
        return new Shape(512L * MIB, MIB, false, 8, 7, 64);
    }

    /** A dynamic disk of a few blocks of 1 MiB, whose last one is cut off by the disk's end. */
    static Shape small() {
        return new Shape(7L * MIB + 512 * (FRONT_SECTORS + BACK_SECTORS), MIB, false, 8, 0, 1);
    }

    /** As {@link #small}, but fixed. */
    static Shape fixedSmall() {
        return new Shape(7L * MIB + 512 * (FRONT_SECTORS + BACK_SECTORS), MIB, true, 8, 0, 1);
    }

    /** Two blocks on either side of the border between the first chunk and the second. */
    static Shape secondChunk() {
        return new Shape(4100L * MIB, MIB, false, 4, 4094, 1);
    }

    /** A disk whose blocks have their entries on as many pages of the BAT, beyond the first chunk too. */
    static Shape manyPages(int pages) {
        return new Shape(pages * 512L * MIB, MIB, false, pages, 0, 512);
    }

    /** A dynamic disk of so many blocks of 1 MiB. */
    static Shape manyBlocks(int count) {
        return new Shape((long) count * MIB, MIB, false, count, 0, 1);
    }

    static Shape largeBlocks() {
        return new Shape(4L * 32 * MIB, 32 * MIB, false, 4, 0, 1);
    }

    static Shape hugeBlocks() {
        return new Shape(4L * 256 * MIB, 256 * MIB, false, 4, 0, 1);
    }

    /** The same disk, as a child of one that is a little smaller. */
    Shape asChild() {
        return asChildOf(virtualSizeBytes - (long) DiskModel.SECTOR_BYTES * BACK_SECTORS / 2);
    }

    /** The same disk, as a child of one of this size. */
    Shape asChildOf(long parentBytes) {
        return new Shape(
                virtualSizeBytes,
                largestSizeBytes,
                blockSizeBytes,
                false,
                blockCount,
                firstBlock,
                blockStride,
                parentBytes);
    }

    boolean child() {
        return parentSizeBytes != 0;
    }

    boolean grows() {
        return largestSizeBytes > virtualSizeBytes;
    }

    SimulatedStorage create() throws IOException {
        if (child()) {
            return SimulatedImages.child(new UUID(1, 1), virtualSizeBytes, blockSizeBytes);
        }
        return fixed
                ? SimulatedImages.fixed(virtualSizeBytes, blockSizeBytes)
                : SimulatedImages.dynamic(virtualSizeBytes, blockSizeBytes);
    }

    /** The n-th of the blocks that are worked on. */
    long block(int n) {
        return firstBlock + n * blockStride;
    }

    int blockSectors() {
        return blockSizeBytes / DiskModel.SECTOR_BYTES;
    }

    long virtualSectors() {
        return virtualSizeBytes / DiskModel.SECTOR_BYTES;
    }

    /** The sectors of the disk when it has grown. */
    long largestSectors() {
        return largestSizeBytes / DiskModel.SECTOR_BYTES;
    }

    /** The sector at a place in the n-th of the blocks. */
    long sector(int n, int inBlock) {
        return block(n % blockCount) * blockSectors() + inBlock;
    }

    boolean isFollowed(long sector) {
        long inBlock = sector % blockSectors();
        long distance = sector / blockSectors() - firstBlock;
        return (inBlock < FRONT_SECTORS || inBlock >= blockSectors() - BACK_SECTORS)
                && distance >= 0
                && distance % blockStride == 0
                && distance / blockStride < blockCount;
    }
}
