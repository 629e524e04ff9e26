package io.vhdxd.vhdx.format;

/**
 * The arithmetic of one virtual disk: blocks, chunks and the indexes of the block allocation table ([MS-VHDX] 2.5).
 *
 * <p>A chunk is as many payload blocks as one 1 MiB sector bitmap block describes: 2^23 logical sectors. In the BAT the
 * entries of a chunk's payload blocks are followed by the entry of its sector bitmap block, which also dynamic and fixed
 * disks have, without a use for it.
 *
 * @param virtualSizeBytes the size of the virtual disk, at most {@link #VIRTUAL_SIZE_MAX_BYTES}
 * @param blockSizeBytes a power of two from 1 MiB to 256 MiB
 * @param logicalSectorSizeBytes 512 or 4096
 */
public record Geometry(long virtualSizeBytes, int blockSizeBytes, int logicalSectorSizeBytes) {
    public static final long MIB = 1L << 20;
    public static final int BLOCK_SIZE_MIN_BYTES = 1 << 20;
    public static final int BLOCK_SIZE_MAX_BYTES = 256 << 20;
    public static final long VIRTUAL_SIZE_MAX_BYTES = 64L << 40;

    private static final int CHUNK_SECTORS_SHIFT = 23;

    public Geometry {
        if (virtualSizeBytes < 0 || virtualSizeBytes > VIRTUAL_SIZE_MAX_BYTES) {
            throw new IllegalArgumentException(
                    "virtual size: " + virtualSizeBytes + " (expected: 0 to " + VIRTUAL_SIZE_MAX_BYTES + ")");
        }
        if (!isBlockSize(blockSizeBytes)) {
            throw new IllegalArgumentException(
                    "block size: " + blockSizeBytes + " (expected: a power of two from 1 MiB to 256 MiB)");
        }
        if (logicalSectorSizeBytes != 512 && logicalSectorSizeBytes != 4096) {
            throw new IllegalArgumentException(
                    "logical sector size: " + logicalSectorSizeBytes + " (expected: 512 or 4096)");
        }
    }

    public static boolean isBlockSize(long bytes) {
        return bytes >= BLOCK_SIZE_MIN_BYTES && bytes <= BLOCK_SIZE_MAX_BYTES && Long.bitCount(bytes) == 1;
    }

    public int blockSizeShift() {
        return Integer.numberOfTrailingZeros(blockSizeBytes);
    }

    public int blockSizeMib() {
        return blockSizeBytes >> 20;
    }

    /** Payload blocks in a chunk: 16 to 32,768. */
    public int chunkRatio() {
        return 1 << chunkRatioShift();
    }

    private int chunkRatioShift() {
        return CHUNK_SECTORS_SHIFT + Integer.numberOfTrailingZeros(logicalSectorSizeBytes) - blockSizeShift();
    }

    /** Payload blocks of the disk; at most 2^26. */
    public long blockCount() {
        return (virtualSizeBytes + blockSizeBytes - 1) >>> blockSizeShift();
    }

    public long chunkCount() {
        return (blockCount() + chunkRatio() - 1) >>> chunkRatioShift();
    }

    /** Entries of the BAT of a disk without a parent; its last chunk has no bitmap entry. */
    public long batEntryCount() {
        long blocks = blockCount();
        return blocks == 0 ? 0 : blocks + ((blocks - 1) >>> chunkRatioShift());
    }

    /** Entries of the BAT; every chunk of a differencing disk is complete. */
    public long batEntryCount(boolean hasParent) {
        return hasParent ? chunkCount() * (chunkRatio() + 1L) : batEntryCount();
    }

    /** The chunk that a payload block belongs to. */
    public long chunkOfBlock(long blockIndex) {
        return blockIndex >>> chunkRatioShift();
    }

    /** The chunk whose sector bitmap block has this index in the BAT. */
    public long chunkOfBatIndex(long batIndex) {
        return batIndex / (chunkRatio() + 1L);
    }

    public int logicalSectorSizeShift() {
        return Integer.numberOfTrailingZeros(logicalSectorSizeBytes);
    }

    /** The index in the BAT of a payload block's entry. */
    public long batIndexOfBlock(long blockIndex) {
        return blockIndex + (blockIndex >>> chunkRatioShift());
    }

    /** The index in the BAT of the entry of a chunk's sector bitmap block. */
    public long batIndexOfBitmap(long chunkIndex) {
        return chunkIndex * (chunkRatio() + 1L) + chunkRatio();
    }

    public boolean isBitmapIndex(long batIndex) {
        return batIndex % (chunkRatio() + 1L) == chunkRatio();
    }

    /** The payload block whose entry has this index in the BAT; the index must not be a bitmap's. */
    public long blockOfBatIndex(long batIndex) {
        return batIndex - batIndex / (chunkRatio() + 1L);
    }
}
