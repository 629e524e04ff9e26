package io.vhdxd.nbd;

/** The status of an extent in the context {@code base:allocation}, as 32 bits. Zero is always a true answer. */
public final class AllocationFlags {
    /** Not allocated: a later write may fail with ENOSPC. */
    public static final int HOLE = 1;

    /** Reads as zeros. */
    public static final int ZERO = 1 << 1;

    private AllocationFlags() {}
}
