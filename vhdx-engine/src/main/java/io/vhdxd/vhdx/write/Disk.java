package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;

/** What the writer knows of the disk as such. Any thread may ask; the disk grows while it is used. */
final class Disk {
    private final boolean fixed;
    private final boolean hasParent;
    private final boolean zeroesFast;
    private volatile Geometry geometry;

    /**
     * Describes a disk.
     *
     * @param fixed whether every block keeps its space for ever
     * @param hasParent whether it reads from another disk what it does not hold itself
     * @param zeroesFast whether the file can be zeroed without writing every byte
     */
    Disk(Geometry geometry, boolean fixed, boolean hasParent, boolean zeroesFast) {
        this.geometry = geometry;
        this.fixed = fixed;
        this.hasParent = hasParent;
        this.zeroesFast = zeroesFast;
    }

    Geometry geometry() {
        return geometry;
    }

    boolean fixed() {
        return fixed;
    }

    boolean hasParent() {
        return hasParent;
    }

    boolean zeroesFast() {
        return zeroesFast;
    }

    /** Makes a new size known. Its log entry is written, and the block map has the new blocks. Writer only. */
    void grown(Geometry larger) {
        geometry = larger;
    }

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
