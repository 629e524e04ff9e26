package io.vhdxd.vhdx.write;

/**
 * A run of file space.
 *
 * @param offsetMib where it begins in the file
 * @param lengthMib greater than 0
 */
record Run(long offsetMib, long lengthMib) {
    long endMib() {
        return offsetMib + lengthMib;
    }
}
