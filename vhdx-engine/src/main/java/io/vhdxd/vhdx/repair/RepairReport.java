package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.edit.GuestRange;
import io.vhdxd.vhdx.format.Geometry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects what a repair does. Not thread-safe. */
public final class RepairReport {
    /** How many ranges of one kind are kept; the rest are counted. */
    private static final int RANGES_KEPT_MAX = 1000;

    private final List<String> repaired = new ArrayList<>();
    private final List<Loss> losses = new ArrayList<>();
    private final List<Loss> doubts = new ArrayList<>();
    private @Nullable String refusal;
    private boolean lossRefused;

    /**
     * Content of the disk that cannot be had any more, or not for sure.
     *
     * @param what what is the matter with it
     * @param ranges where on the disk; empty if nobody can know
     * @param furtherRangeCount ranges that are not in the list
     */
    public record Loss(String what, List<GuestRange> ranges, long furtherRangeCount) {
        public Loss {
            ranges = List.copyOf(ranges);
        }
    }

    /** Gathers the ranges of one loss. */
    static final class Ranges {
        private final List<GuestRange> kept = new ArrayList<>();
        private long furtherCount;

        /** Adds a range behind the others. */
        void add(long offsetBytes, long lengthBytes) {
            if (kept.size() < RANGES_KEPT_MAX
                    || (!kept.isEmpty() && kept.getLast().endBytes() == offsetBytes)) {
                GuestRange.append(kept, offsetBytes, lengthBytes);
            } else {
                furtherCount++;
            }
        }

        /** Adds what a block has from here to its end, as far as that lies on the disk. */
        void addEndOfBlock(Geometry geometry, long block, long fromBytes) {
            long start = (block << geometry.blockSizeShift()) + fromBytes;
            long end = Math.min((block + 1) << geometry.blockSizeShift(), geometry.virtualSizeBytes());
            if (start < end) {
                add(start, end - start);
            }
        }

        boolean isEmpty() {
            return kept.isEmpty();
        }

        Loss toLoss(String what) {
            return new Loss(what, kept, furtherCount);
        }
    }

    /** Something was put right. */
    void repaired(String what) {
        repaired.add(what);
    }

    /** Something is lost, or would be. */
    void lost(Loss loss) {
        losses.add(loss);
    }

    /** Something can be read, and may not be what was written there. */
    void doubtful(Loss doubt) {
        doubts.add(doubt);
    }

    /** A loss is needed, and not allowed: the repair has ended. */
    void refuseLoss() {
        lossRefused = true;
    }

    /** There is no repair for what was found. */
    void refuse(String why) {
        refusal = why;
    }

    /** What was put right, in this order. */
    public List<String> repaired() {
        return List.copyOf(repaired);
    }

    /** What was given up, or would have to be if {@link #isLossRefused}. */
    public List<Loss> losses() {
        return List.copyOf(losses);
    }

    /** What can be read, and may be what was written to another place of the disk. */
    public List<Loss> doubts() {
        return List.copyOf(doubts);
    }

    /** Whether the repair has ended before something that would lose data. */
    public boolean isLossRefused() {
        return lossRefused;
    }

    /** Why the image cannot be repaired; null if that is not so. */
    public @Nullable String refusal() {
        return refusal;
    }
}
