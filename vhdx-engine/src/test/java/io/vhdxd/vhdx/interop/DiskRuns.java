package io.vhdxd.vhdx.interop;

import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;

/** What a disk holds, as runs of equal bytes. */
final class DiskRuns {
    /** Is told one run. */
    @FunctionalInterface
    interface RunVisitor {
        void run(long startBytes, long endBytes, byte value);
    }

    private final long sizeBytes;
    /** Where each run begins, and what it consists of; the first one begins at 0. */
    private final NavigableMap<Long, Byte> starts;

    /** A disk of zeros. */
    DiskRuns(long sizeBytes) {
        this(sizeBytes, new TreeMap<>(Map.of(0L, (byte) 0)));
    }

    private DiskRuns(long sizeBytes, NavigableMap<Long, Byte> starts) {
        this.sizeBytes = sizeBytes;
        this.starts = starts;
    }

    DiskRuns copy() {
        return new DiskRuns(sizeBytes, new TreeMap<>(starts));
    }

    /** The same content on a larger disk. */
    DiskRuns grown(long newSizeBytes) {
        DiskRuns larger = new DiskRuns(newSizeBytes, new TreeMap<>(starts));
        if (newSizeBytes > sizeBytes) {
            larger.fill(sizeBytes, newSizeBytes, (byte) 0);
        }
        return larger;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    byte value(long offsetBytes) {
        return Objects.requireNonNull(starts.floorEntry(offsetBytes)).getValue();
    }

    void fill(long startBytes, long endBytes, byte value) {
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
    void visit(long startBytes, long endBytes, RunVisitor visitor) {
        for (long at = startBytes; at < endBytes; ) {
            Long next = starts.higherKey(at);
            long to = next == null ? endBytes : Math.min(endBytes, next);
            visitor.run(at, to, value(at));
            at = to;
        }
    }

    /** Takes over what was read of the disk. */
    void adopt(long offsetBytes, byte[] content) {
        for (int at = 0; at < content.length; ) {
            int to = at + 1;
            while (to < content.length && content[to] == content[at]) {
                to++;
            }
            fill(offsetBytes + at, offsetBytes + to, content[at]);
            at = to;
        }
    }
}
