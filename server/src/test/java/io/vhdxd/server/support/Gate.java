package io.vhdxd.server.support;

import java.util.concurrent.TimeUnit;

/** Holds threads until it is opened, and tells how many it holds. It begins open. Thread-safe. */
public final class Gate {
    private static final long PATIENCE_SECONDS = 60;

    private boolean closed;
    private int waiting;
    private int passes;

    public synchronized void close() {
        closed = true;
    }

    public synchronized void open() {
        closed = false;
        notifyAll();
    }

    /** Lets so many threads through although it is closed. */
    public synchronized void letThrough(int count) {
        passes += count;
        notifyAll();
    }

    public synchronized void pass() {
        waiting++;
        notifyAll();
        try {
            await(() -> !closed || passes > 0);
            passes = Math.max(0, passes - 1);
        } finally {
            waiting--;
        }
    }

    /** Waits until so many threads are held. */
    public synchronized void awaitHeld(int count) {
        await(() -> waiting >= count);
    }

    private void await(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError("a gate waited for too long");
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }
}
