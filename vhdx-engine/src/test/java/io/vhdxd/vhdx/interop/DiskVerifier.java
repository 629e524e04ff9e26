package io.vhdxd.vhdx.interop;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * The parts of a disk that are compared: whatever is not zero, the neighbourhood of everything that was ever asked for,
 * and some places by chance. Most of a large disk was never touched, and QEMU reads it as slowly as if it held data.
 */
final class DiskVerifier {
    private static final long NEIGHBOURHOOD_BYTES = 32 << 10;
    private static final long PIECE_BYTES = 4 << 20;
    private static final int SAMPLES = 6;
    /** Up to this size all of a disk is compared. */
    private static final long COMPLETELY_UP_TO_BYTES = 12 << 20;

    /** One range that was compared. */
    record Range(long startBytes, long endBytes) {}

    private final RandomGenerator random;
    private final TreeMap<Long, Long> touched = new TreeMap<>();

    DiskVerifier(RandomGenerator random) {
        this.random = random;
    }

    void touch(Change change) {
        if (change.lengthBytes() > 0) {
            touchAround(change.offsetBytes());
            touchAround(change.endBytes());
        } else if (change instanceof Change.Grow grow) {
            touchAround(grow.newSizeBytes());
        }
    }

    private void touchAround(long offsetBytes) {
        touched.merge(Math.max(0, offsetBytes - NEIGHBOURHOOD_BYTES), offsetBytes + NEIGHBOURHOOD_BYTES, Math::max);
    }

    /** What to compare, in ascending order, no byte twice. */
    List<Range> ranges(DiskRuns disk, long diskSizeBytes) {
        TreeMap<Long, Long> all = new TreeMap<>(touched);
        if (diskSizeBytes <= COMPLETELY_UP_TO_BYTES) {
            all.put(0L, diskSizeBytes);
        }
        disk.visit(0, disk.sizeBytes(), (start, end, value) -> {
            if (value != 0) {
                all.merge(start, end, Math::max);
            }
        });
        for (int i = 0; i < SAMPLES; i++) {
            long at = random.nextLong(diskSizeBytes);
            all.merge(at, at + NEIGHBOURHOOD_BYTES, Math::max);
        }
        List<Range> ranges = new ArrayList<>();
        long[] done = {0};
        all.forEach((start, end) -> {
            long to = Math.min(end, diskSizeBytes);
            for (long at = Math.max(start, done[0]); at < to; ) {
                long pieceEnd = Math.min(to, at + PIECE_BYTES);
                ranges.add(new Range(at, pieceEnd));
                at = pieceEnd;
            }
            done[0] = Math.max(done[0], to);
        });
        return ranges;
    }

    /** Reads a range of a disk. */
    @FunctionalInterface
    interface Reader {
        byte[] read(long offsetBytes, int lengthBytes) throws IOException;
    }

    /**
     * Compares what a disk holds with a number of possible ones, one of which it has to be.
     *
     * @param states what the disk held before each change, and after the last one
     * @return the number of the change that may be done in part; how many there were if all are done
     */
    int findState(Reader disk, long diskSizeBytes, List<DiskRuns> states, int firstState, int lastState)
            throws IOException {
        boolean[] impossible = new boolean[states.size()];
        List<String> reasons = new ArrayList<>();
        for (Range range : ranges(states.getLast(), diskSizeBytes)) {
            byte[] content = disk.read(range.startBytes(), (int) (range.endBytes() - range.startBytes()));
            for (int state = firstState; state <= lastState; state++) {
                if (!impossible[state]) {
                    long at = firstDifference(
                            range.startBytes(),
                            content,
                            states.get(state),
                            states.get(Math.min(state + 1, states.size() - 1)));
                    if (at >= 0) {
                        impossible[state] = true;
                        reasons.add("byte " + at + " is " + content[(int) (at - range.startBytes())] + ", expected "
                                + states.get(state).value(at) + " after " + state + " changes");
                    }
                }
            }
        }
        for (int state = firstState; state <= lastState; state++) {
            if (!impossible[state]) {
                return state;
            }
        }
        throw new AssertionError("the disk is none of those that it can be: " + reasons);
    }

    /** Fails if a byte is neither what the one disk holds nor what the other one does. */
    static void require(long offsetBytes, byte[] content, DiskRuns before, DiskRuns after) {
        long at = firstDifference(offsetBytes, content, before, after);
        if (at >= 0) {
            throw new AssertionError("byte " + at + " is " + content[(int) (at - offsetBytes)] + ", expected "
                    + before.value(at) + " or " + after.value(at));
        }
    }

    private static long firstDifference(long offsetBytes, byte[] content, DiskRuns before, DiskRuns after) {
        long[] found = {-1};
        before.visit(offsetBytes, offsetBytes + content.length, (start, end, value) -> {
            for (long at = start; at < end && found[0] < 0; at++) {
                byte held = content[(int) (at - offsetBytes)];
                if (held != value && (before == after || held != after.value(at))) {
                    found[0] = at;
                }
            }
        });
        return found[0];
    }
}
