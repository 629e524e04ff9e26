package io.vhdxd.server.support;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for what other threads do. */
public final class Await {
    private static final long PATIENCE_SECONDS = 60;
    private static final long POLL_NANOS = 1_000_000;

    private Await() {}

    /** What is waited for. */
    public interface Condition {
        boolean holds() throws IOException;
    }

    /** Waits until a condition holds; fails if it never does. */
    public static void until(Condition condition) {
        until(PATIENCE_SECONDS, condition);
    }

    /** Waits so long until a condition holds; fails if it never does. */
    public static void until(long patienceSeconds, Condition condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
        while (!holds(condition)) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("waited in vain");
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    private static boolean holds(Condition condition) {
        try {
            return condition.holds();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
