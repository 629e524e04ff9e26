package io.vhdxd.vhdx.format;

/**
 * One 64-bit entry of the block allocation table ([MS-VHDX] 2.5.1): bits 0 to 2 the state, 3 to 19 reserved, 20 to 63
 * the file offset in units of 1 MiB.
 */
public final class BatEntry {
    /** The size of an entry in the file. */
    public static final int BYTES = 8;

    private static final long STATE_MASK = 0x7;
    private static final long RESERVED_MASK = 0xFFFF8;
    private static final int OFFSET_SHIFT = 20;

    private BatEntry() {}

    /**
     * The entry of a block with this state and place.
     *
     * @param fileOffsetMib in MiB; 0 if the block has no place
     */
    public static long encode(PayloadBlockState state, long fileOffsetMib) {
        return fileOffsetMib << OFFSET_SHIFT | state.code();
    }

    public static int stateCode(long entry) {
        return (int) (entry & STATE_MASK);
    }

    public static long fileOffsetMib(long entry) {
        return entry >>> OFFSET_SHIFT;
    }

    /** The reserved bits, which should be zero. */
    public static long reservedBits(long entry) {
        return entry & RESERVED_MASK;
    }
}
