package io.vhdxd.vhdx.map;

import java.util.BitSet;

/**
 * Which MiB of an image's file belong to something: one bit each, so 1 KiB for 8 GiB of file. Not thread-safe.
 *
 * <p>Every structure of a VHDX file stands on whole MiB ([MS-VHDX] 2.1).
 */
public final class SpaceMap {
    private final BitSet used = new BitSet();

    /**
     * Marks a range as used.
     *
     * @return whether all of it was free before
     */
    public boolean claim(long offsetMib, long lengthMib) {
        boolean free = isFree(offsetMib, lengthMib);
        used.set(Math.toIntExact(offsetMib), Math.toIntExact(offsetMib + lengthMib));
        return free;
    }

    /** Marks everything as used that another map has as used. */
    public void claimAll(SpaceMap other) {
        used.or(other.used);
    }

    public boolean isEmpty() {
        return used.isEmpty();
    }

    /** How much is used. */
    public long usedMib() {
        return used.cardinality();
    }

    /** Whether no MiB of a range is used. Takes time by the range's length, not by how far the next used MiB is. */
    public boolean isFree(long offsetMib, long lengthMib) {
        int to = Math.toIntExact(offsetMib + lengthMib);
        for (int mib = Math.toIntExact(offsetMib); mib < to; mib++) {
            if (used.get(mib)) {
                return false;
            }
        }
        return true;
    }

    public void release(long offsetMib, long lengthMib) {
        used.clear(Math.toIntExact(offsetMib), Math.toIntExact(offsetMib + lengthMib));
    }

    /** The first used MiB at or after this one, -1 if there is none. */
    public long nextUsedMib(long offsetMib) {
        return used.nextSetBit(Math.toIntExact(offsetMib));
    }

    /** The first free MiB at or after this one. */
    public long nextFreeMib(long offsetMib) {
        return used.nextClearBit(Math.toIntExact(offsetMib));
    }

    /** The first MiB behind everything that is used. */
    public long endMib() {
        return used.length();
    }
}
