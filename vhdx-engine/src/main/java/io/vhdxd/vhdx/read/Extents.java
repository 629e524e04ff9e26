package io.vhdxd.vhdx.read;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.bitmap.SectorBits;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BlockMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tells which parts of a range have space in a file of the chain, from the block maps and, for partially present blocks,
 * the sector bitmaps.
 */
public final class Extents {
    /** Is told the extents of a range. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Is told one extent; the next one differs in what is told of it. It may read what it is told of.
         *
         * @param present whether it has space in a file; it reads as zeros if not
         * @param depth how far down the chain the image is that decides this: 1 for the image itself, 2 for its parent; 0 if
         *     none does
         * @return whether to go on
         */
        boolean extent(long offsetBytes, long lengthBytes, boolean present, int depth);
    }

    private enum Outcome {
        GO_ON,
        STOP,
        WAIT
    }

    private final Geometry geometry;
    private final BlockMap map;
    private final @Nullable SectorBitmaps bitmaps;
    private final @Nullable Extents parent;

    /** @param parent of the image's parent; null if it has none */
    public Extents(DiskLayer layer, @Nullable Extents parent) {
        this.geometry = layer.geometry();
        this.map = layer.map();
        this.bitmaps = layer.bitmaps();
        this.parent = parent;
    }

    /**
     * Visits the extents of a range in ascending order.
     *
     * @param mayWait whether to wait for the device, for a sector bitmap that is not cached
     * @return false if that would have taken waiting; what was told so far is right
     */
    public boolean visit(long offsetBytes, long lengthBytes, Visitor visitor, boolean mayWait) throws IOException {
        Merging merging = new Merging(visitor, offsetBytes);
        Outcome outcome = walk(offsetBytes, offsetBytes + lengthBytes, 1, merging, mayWait);
        if (outcome == Outcome.GO_ON) {
            merging.finish();
        }
        return outcome != Outcome.WAIT;
    }

    private Outcome walk(long offsetBytes, long endBytes, int depth, Merging merging, boolean mayWait)
            throws IOException {
        int shift = geometry.blockSizeShift();
        long position = offsetBytes;
        Outcome outcome = Outcome.GO_ON;
        while (position < endBytes && outcome == Outcome.GO_ON) {
            long block = position >>> shift;
            long nextMapped = map.nextMapped(block);
            long to = Math.min(endBytes, Math.max(nextMapped, block + 1) << shift);
            int entry = nextMapped == block ? map.entry(block) : BlockMap.NOT_PRESENT;
            // What a damaged block holds is not known, so it must not pass for zeros.
            if (BlockMap.isFullyPresent(entry) || BlockMap.isDamaged(entry)) {
                outcome = merging.add(to, true, depth);
            } else if (parent == null) {
                outcome = merging.add(to, false, 0);
            } else {
                outcome = switch (BlockMap.state(entry)) {
                    case NOT_PRESENT -> parent.walkExtended(position, to, depth + 1, merging, mayWait);
                    case PARTIALLY_PRESENT -> walkSectors(block, entry, position, to, depth, merging, mayWait);
                    case UNDEFINED, ZERO, UNMAPPED, FULLY_PRESENT -> merging.add(to, false, depth);
                };
            }
            position = to;
        }
        return outcome;
    }

    /** Walks a range that may reach beyond the disk's end. */
    private Outcome walkExtended(long offsetBytes, long endBytes, int depth, Merging merging, boolean mayWait)
            throws IOException {
        long held = Math.clamp(geometry.virtualSizeBytes(), offsetBytes, endBytes);
        Outcome outcome = walk(offsetBytes, held, depth, merging, mayWait);
        return outcome == Outcome.GO_ON && held < endBytes ? merging.add(endBytes, false, 0) : outcome;
    }

    private Outcome walkSectors(
            long block, int entry, long offsetBytes, long endBytes, int depth, Merging merging, boolean mayWait)
            throws IOException {
        SectorBitmaps own = Objects.requireNonNull(bitmaps);
        Extents below = Objects.requireNonNull(parent);
        int sectorShift = geometry.logicalSectorSizeShift();
        SectorBits bits = merging.bits(depth);
        long position = offsetBytes;
        while (position < endBytes) {
            long first = position >>> sectorShift;
            int count = (int) (Math.min(SectorBitmaps.pageEnd(first), ((endBytes - 1) >>> sectorShift) + 1) - first);
            if (!own.load(bits, first, count, mayWait)) {
                return Outcome.WAIT;
            }
            if (map.entry(block) != entry) {
                return walk(position, endBytes, depth, merging, mayWait);
            }
            for (int sector = 0; sector < count; ) {
                int runEnd = bits.runEnd(sector, count);
                long to = Math.min(endBytes, (first + runEnd) << sectorShift);
                Outcome outcome = bits.isSet(sector)
                        ? merging.add(to, true, depth)
                        : below.walkExtended(position, to, depth + 1, merging, mayWait);
                if (outcome != Outcome.GO_ON) {
                    return outcome;
                }
                position = to;
                sector = runEnd;
            }
        }
        return Outcome.GO_ON;
    }

    /** Joins neighbours of which the same is told. */
    private static final class Merging {
        private final Visitor visitor;
        /** Those of the block that the walk is in, for each depth. The visitor may read from the same bitmaps, so it has others. */
        private final List<SectorBits> bits = new ArrayList<>();

        private long start;
        private long end;
        private boolean present;
        private int depth;

        Merging(Visitor visitor, long start) {
            this.visitor = visitor;
            this.start = start;
            this.end = start;
        }

        SectorBits bits(int atDepth) {
            while (bits.size() < atDepth) {
                bits.add(new SectorBits());
            }
            return bits.get(atDepth - 1);
        }

        Outcome add(long to, boolean toPresent, int toDepth) {
            if ((toPresent != present || toDepth != depth) && end > start) {
                if (!visitor.extent(start, end - start, present, depth)) {
                    return Outcome.STOP;
                }
                start = end;
            }
            present = toPresent;
            depth = toDepth;
            end = to;
            return Outcome.GO_ON;
        }

        void finish() {
            if (end > start) {
                visitor.extent(start, end - start, present, depth);
            }
        }
    }
}
