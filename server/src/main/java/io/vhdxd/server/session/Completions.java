package io.vhdxd.server.session;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings operations that other threads have completed back to the event loop. Lock-free; the event loop is woken once for all
 * that come until it looks.
 */
final class Completions {
    /** The operation that was put last; each links to the one put before it. */
    private final AtomicReference<@Nullable Operation> newest = new AtomicReference<>();

    private final Runnable wakeUp;

    /** @param wakeUp has {@link #drain} called on the event loop */
    Completions(Runnable wakeUp) {
        this.wakeUp = wakeUp;
    }

    /** Any thread. */
    void put(Operation operation) {
        Operation before;
        do {
            before = newest.get();
            operation.next = before;
        } while (!newest.compareAndSet(before, operation));
        if (before == null) {
            wakeUp.run();
        }
    }

    /** Takes everything out, in the order in which it was put. */
    void drain(Consumer<Operation> consumer) {
        Operation operation = newest.getAndSet(null);
        Operation following = null;
        while (operation != null) {
            Operation before = operation.next;
            operation.next = following;
            following = operation;
            operation = before;
        }
        while (following != null) {
            Operation next = following.next;
            following.next = null;
            consumer.accept(following);
            following = next;
        }
    }
}
