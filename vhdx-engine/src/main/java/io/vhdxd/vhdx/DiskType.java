package io.vhdxd.vhdx;

/** The three kinds of virtual hard disk ([MS-VHDX] 1.3). */
public enum DiskType {
    /** Every block owns its space from the beginning. */
    FIXED,
    /** A block gets its space when it is first written. */
    DYNAMIC,
    /** What was not written since its creation is read from a parent. */
    DIFFERENCING
}
