package io.vhdxd.vhdx.read;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BlockMap;

/** Tells which parts of a range have space in the file, from the block map alone. */
public final class Extents {
    /** Is told the extents of a range. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Is told one extent; the next one is of the other kind.
         *
         * @param present whether it has space in the file; it reads as zeros if not
         * @return whether to go on
         */
        boolean extent(long offsetBytes, long lengthBytes, boolean present);
    }

    private final Geometry geometry;
    private final BlockMap map;

    public Extents(Geometry geometry, BlockMap map) {
        this.geometry = geometry;
        this.map = map;
    }

    /** Visits the extents of a range in ascending order. */
    public void visit(long offsetBytes, long lengthBytes, Visitor visitor) {
        int shift = geometry.blockSizeShift();
        long endBytes = offsetBytes + lengthBytes;
        long extentStart = offsetBytes;
        long position = offsetBytes;
        boolean extentPresent = false;
        while (position < endBytes) {
            long block = position >>> shift;
            long nextMapped = map.nextMapped(block);
            boolean present = nextMapped == block && hasSpace(map.entry(block));
            if (present != extentPresent && position > extentStart) {
                if (!visitor.extent(extentStart, position - extentStart, extentPresent)) {
                    return;
                }
                extentStart = position;
            }
            extentPresent = present;
            position = Math.min(endBytes, Math.max(nextMapped, block + 1) << shift);
        }
        if (position > extentStart) {
            visitor.extent(extentStart, position - extentStart, extentPresent);
        }
    }

    private static boolean hasSpace(int entry) {
        // What a damaged block holds is not known, so it must not pass for zeros.
        return BlockMap.isFullyPresent(entry) || BlockMap.isDamaged(entry);
    }
}
