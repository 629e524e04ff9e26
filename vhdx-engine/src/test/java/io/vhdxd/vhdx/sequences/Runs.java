package io.vhdxd.vhdx.sequences;

import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;

/** What is true of each byte of a disk, as runs with the same value; 0 where nothing else was said. */
final class Runs {
    /** Is told one run. */
    @FunctionalInterface
    interface Visitor {
        void run(long startBytes, long endBytes, long value);
    }

    private final long sizeBytes;
    /** Where each run begins, and its value; the first one begins at 0. */
    private final NavigableMap<Long, Long> starts;

    Runs(long sizeBytes) {
        this(sizeBytes, new TreeMap<>(Map.of(0L, 0L)));
    }

    private Runs(long sizeBytes, NavigableMap<Long, Long> starts) {
        this.sizeBytes = sizeBytes;
        this.starts = starts;
    }

    /** The same for a disk of another size. */
    Runs resized(long newSizeBytes) {
        Runs other = new Runs(newSizeBytes, new TreeMap<>(starts.headMap(newSizeBytes, false)));
        if (newSizeBytes > sizeBytes) {
            other.fill(sizeBytes, newSizeBytes, 0);
        }
        return other;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    long value(long offsetBytes) {
        return Objects.requireNonNull(starts.floorEntry(offsetBytes)).getValue();
    }

    void fill(long startBytes, long endBytes, long value) {
        Objects.checkFromToIndex(startBytes, endBytes, sizeBytes);
        if (startBytes == endBytes) {
            return;
        }
        if (endBytes < sizeBytes) {
            starts.put(endBytes, value(endBytes));
        }
        starts.subMap(startBytes, true, endBytes, false).clear();
        starts.put(startBytes, value);
    }

    /** Tells the runs of a range, in ascending order, each cut to the range. */
    void visit(long startBytes, long endBytes, Visitor visitor) {
        for (long at = startBytes; at < endBytes; ) {
            long to = Math.min(endBytes, endOfRun(at));
            visitor.run(at, to, value(at));
            at = to;
        }
    }

    /** Where the run ends that a byte is in. */
    long endOfRun(long offsetBytes) {
        Long next = starts.higherKey(offsetBytes);
        return next == null ? sizeBytes : next;
    }

    /** Whether a range has one value all over. */
    boolean isAll(long startBytes, long endBytes, long value) {
        boolean[] all = {true};
        visit(startBytes, endBytes, (start, end, held) -> all[0] &= held == value);
        return all[0];
    }
}
