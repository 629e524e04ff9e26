package io.vhdxd.vhdx.write;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The sectors of a differencing disk that wait to be shown. What they show until then is the parent's content, so a log
 * entry that shows them before they are durable could let a loss of power leave neither that nor what was written. They are
 * <em>open</em> when they are written, <em>covered</em> while a round is running that began after that, and <em>ready</em> to be
 * logged when it is done. One round covers all that have come before it.
 *
 * <p>Not more than {@value #COUNT_MAX} wait at a time (promise R7): an operation that has more of them goes on when some
 * are shown.
 */
final class Exposures {
    static final int COUNT_MAX = 4096;

    private ArrayDeque<Exposure> open = new ArrayDeque<>();
    private ArrayDeque<Exposure> covered = new ArrayDeque<>();
    private final ArrayDeque<Exposure> ready = new ArrayDeque<>();
    private final Map<Long, List<Exposure>> byBlock = new HashMap<>();
    /** Operations that nothing waits to be shown of any more since they were last asked for. */
    private final ArrayDeque<Operation> settled = new ArrayDeque<>();

    private int count;
    private boolean blocked;

    boolean isEmpty() {
        return count == 0;
    }

    boolean hasRoom() {
        return count < COUNT_MAX;
    }

    void add(Exposure exposure) {
        open.add(exposure);
        byBlock.computeIfAbsent(exposure.blockIndex(), block -> new ArrayList<>())
                .add(exposure);
        count++;
        exposure.operation().awaitExposure();
    }

    /** The ones of a block, in the order of their writing. */
    List<Exposure> of(long blockIndex) {
        return byBlock.getOrDefault(blockIndex, List.of());
    }

    /** Whether some of them get on only with another round. */
    boolean needRound() {
        return !open.isEmpty() || blocked;
    }

    /** Takes note that a round begins, whose sync covers everything that is written. */
    void roundBegins() {
        covered = open;
        open = new ArrayDeque<>();
    }

    void roundDone() {
        ready.addAll(covered);
        covered.clear();
    }

    /** The first one that is ready; null if none is. */
    @Nullable Exposure firstReady() {
        Exposure first = ready.peekFirst();
        while (first != null && first.isOver()) {
            ready.removeFirst();
            first = ready.peekFirst();
        }
        return first;
    }

    /** Takes note that the first one that is ready is staged, or needs nothing to be. */
    void firstIsStaged() {
        Exposure first = ready.removeFirst();
        List<Exposure> block = byBlock.get(first.blockIndex());
        assert block != null : first.blockIndex();
        block.remove(first);
        if (block.isEmpty()) {
            byBlock.remove(first.blockIndex());
        }
        end(first);
    }

    /** Takes note whether the log has room for those that are ready. */
    void block(boolean on) {
        blocked = on;
    }

    /** Forgets those of a block whose content is given up as a whole. */
    void cancel(long blockIndex) {
        List<Exposure> cancelled = byBlock.remove(blockIndex);
        if (cancelled != null) {
            cancelled.forEach(this::end);
        }
    }

    private void end(Exposure exposure) {
        exposure.end();
        count--;
        if (exposure.operation().endExposure()) {
            settled.add(exposure.operation());
        }
    }

    /** The operations that nothing waits to be shown of any more; each is told once. */
    Iterator<Operation> takeSettled() {
        List<Operation> taken = List.copyOf(settled);
        settled.clear();
        return taken.iterator();
    }
}
