package io.vhdxd.vhdx;

/** What a range of the virtual disk is, in the terms of NBD's {@code base:allocation}. */
public enum ExtentKind {
    /** Owns space in the file of the image, or of a parent; may hold anything. */
    DATA,
    /** Owns no space and reads as zeros. */
    HOLE
}
