package io.vhdxd.vhdx.format;

/**
 * The metadata item "file parameters" ([MS-VHDX] 2.6.2.1).
 *
 * @param blockSizeBytes the size of a payload block as it was found; at most 2^32 - 1
 * @param flags {@link #LEAVE_BLOCKS_ALLOCATED}, {@link #HAS_PARENT}; the rest is reserved
 */
public record FileParameters(long blockSizeBytes, int flags) {
    /** The image is a fixed one: its blocks keep their space. */
    public static final int LEAVE_BLOCKS_ALLOCATED = 1;

    /** The image is a differencing one. */
    public static final int HAS_PARENT = 2;

    public boolean leaveBlocksAllocated() {
        return (flags & LEAVE_BLOCKS_ALLOCATED) != 0;
    }

    public boolean hasParent() {
        return (flags & HAS_PARENT) != 0;
    }

    /** The reserved bits of the flags, which should be zero. */
    public int reservedFlags() {
        return flags & ~(LEAVE_BLOCKS_ALLOCATED | HAS_PARENT);
    }
}
