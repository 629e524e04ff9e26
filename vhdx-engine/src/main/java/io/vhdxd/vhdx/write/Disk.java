package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;

/**
 * What the writer knows of the disk as such.
 *
 * @param fixed whether every block keeps its space for ever
 * @param zeroesFast whether the file can be zeroed without writing every byte
 */
record Disk(Geometry geometry, boolean fixed, boolean zeroesFast) {
    long blockOf(long offsetBytes) {
        return offsetBytes >>> geometry.blockSizeShift();
    }

    long blockStartBytes(long blockIndex) {
        return blockIndex << geometry.blockSizeShift();
    }

    /** Where the block ends on the virtual disk; the last one may end with the disk. */
    long blockEndBytes(long blockIndex) {
        return Math.min(blockStartBytes(blockIndex) + geometry.blockSizeBytes(), geometry.virtualSizeBytes());
    }
}
