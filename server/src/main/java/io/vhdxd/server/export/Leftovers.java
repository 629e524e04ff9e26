package io.vhdxd.server.export;

import java.util.ArrayList;
import java.util.List;

/**
 * Counts the changes to a disk that are under way for connections which send nothing any more, and lets others wait until
 * there are none.
 *
 * <p>Their clients may have come back on another connection, repeated the requests that were not answered, and gone on. If
 * an old copy of such a request landed after that, it would bring back old data. Thread-safe.
 */
public final class Leftovers {
    private volatile int count;
    private final List<Runnable> waiting = new ArrayList<>();

    public boolean isNone() {
        return count == 0;
    }

    /** How many actions wait until there are none. */
    public synchronized int waitingCount() {
        return waiting.size();
    }

    public synchronized void add(int changes) {
        assert changes >= 0;
        count += changes;
    }

    /** One of the changes has been carried out, or will not be. */
    public void oneDone() {
        List<Runnable> released = List.of();
        synchronized (this) {
            assert count > 0;
            count--;
            if (count == 0 && !waiting.isEmpty()) {
                released = List.copyOf(waiting);
                waiting.clear();
            }
        }
        released.forEach(Runnable::run);
    }

    /**
     * Runs something as soon as there are none: at once, or on the thread that reports the last one done.
     *
     * @param action is run once; it must be quick
     */
    public void whenNone(Runnable action) {
        synchronized (this) {
            if (count > 0) {
                waiting.add(action);
                return;
            }
        }
        action.run();
    }
}
