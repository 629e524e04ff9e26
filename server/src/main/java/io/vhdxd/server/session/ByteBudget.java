package io.vhdxd.server.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes that all connections together may have under way (promise R7). Thread-safe.
 *
 * <p>A request takes all that it will need at once, and before its payload is received. So whoever holds a part of the budget
 * never waits for more of it. Who has to wait gets its turn in the order of asking: small requests do not overtake a large
 * one for ever.
 */
public final class ByteBudget {
    private final long limitBytes;
    private final AtomicLong takenBytes = new AtomicLong();

    /** The size of {@link #waiters}, readable without its lock. */
    private final AtomicInteger waiterCount = new AtomicInteger();

    private final Deque<Waiter> waiters = new ArrayDeque<>();

    /** Somebody who waits for a part of the budget. */
    static final class Waiter {
        private final long bytes;
        private final Runnable granted;

        /** @param granted is called when the bytes have been taken on the waiter's behalf, on any thread; must be quick */
        Waiter(long bytes, Runnable granted) {
            this.bytes = bytes;
            this.granted = granted;
        }

        long bytes() {
            return bytes;
        }
    }

    /** @param limitBytes more than any single request needs */
    public ByteBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    public long limitBytes() {
        return limitBytes;
    }

    public long takenBytes() {
        return takenBytes.get();
    }

    /** How many wait for a part of the budget. */
    public int waiterCount() {
        return waiterCount.get();
    }

    /** Whether somebody waits for a part of the budget. */
    boolean isContended() {
        return waiterCount.get() != 0;
    }

    /** Takes a part of the budget, if it is there and nobody else waits. */
    boolean tryTake(long bytes) {
        return waiterCount.get() == 0 && takeIfThere(bytes);
    }

    /** Takes the waiter's bytes for it, at once or when its turn has come. */
    void takeWhenThere(Waiter waiter) {
        if (waiter.bytes > limitBytes) {
            throw new IllegalArgumentException("bytes: " + waiter.bytes + " (expected: at most " + limitBytes + ")");
        }
        synchronized (waiters) {
            waiters.add(waiter);
            // Counted before the next look at what was taken; give() looks the other way round. So one of the two sees
            // the
            // other, and no waiter is forgotten.
            waiterCount.incrementAndGet();
        }
        serveWaiters();
    }

    /** Tells whether the waiter was still waiting. If not, it has been granted its bytes, or will hear so soon. */
    boolean cancel(Waiter waiter) {
        boolean waiting;
        synchronized (waiters) {
            waiting = waiters.remove(waiter);
            if (waiting) {
                waiterCount.decrementAndGet();
            }
        }
        serveWaiters();
        return waiting;
    }

    void give(long bytes) {
        long left = takenBytes.addAndGet(-bytes);
        assert left >= 0;
        if (waiterCount.get() != 0) {
            serveWaiters();
        }
    }

    private boolean takeIfThere(long bytes) {
        long taken = takenBytes.get();
        while (taken + bytes <= limitBytes) {
            if (takenBytes.compareAndSet(taken, taken + bytes)) {
                return true;
            }
            taken = takenBytes.get();
        }
        return false;
    }

    private void serveWaiters() {
        while (true) {
            Waiter served;
            synchronized (waiters) {
                served = waiters.peek();
                if (served == null || !takeIfThere(served.bytes)) {
                    return;
                }
                waiters.remove();
                waiterCount.decrementAndGet();
            }
            served.granted.run();
        }
    }
}
