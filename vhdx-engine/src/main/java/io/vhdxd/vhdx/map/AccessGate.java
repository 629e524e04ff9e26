package io.vhdxd.vhdx.map;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Knows when every access to the file that may still use an old place of a block is over.
 *
 * <p>An access is what happens between looking a block up in the {@link BlockMap} and the end of the I/O at the place
 * that was found. It is bracketed by {@link #enter} and {@link #exit}. When the writer has unmapped a block, it begins a
 * grace period ({@link #tryBeginGrace}); once that {@link #isGraceOver is over}, no access that may have seen the old
 * place is running any more, and the place can be given to another block. Accesses never wait.
 *
 * <p>There are two generations. Accesses count themselves in the current one; a grace period makes the other one current
 * and is over when every counter of the old one has been seen at zero. An access counts first and then looks whether its
 * generation is still the current one, and starts again if it is not: so one that counts itself in an old generation
 * unseen has not yet looked at the map, and will see what was unmapped before. The counters are spread over cache lines by
 * thread.
 *
 * <p>{@link #enter} and {@link #exit} may be called by any thread, also by two different ones for one access. The grace
 * methods belong to the writer.
 */
public final class AccessGate {
    private static final int STRIPE_COUNT = 16;
    /** Counters per cache line, so that two stripes never share one. */
    private static final int LINE_INTS = 16;

    private final AtomicIntegerArray counters = new AtomicIntegerArray(2 * STRIPE_COUNT * LINE_INTS);
    private volatile int generation;
    private boolean graceRunning;

    /**
     * Begins an access.
     *
     * @return a token for {@link #exit}
     */
    public int enter() {
        int stripe = (int) Thread.currentThread().threadId() & (STRIPE_COUNT - 1);
        while (true) {
            int current = generation;
            int token = counterIndex(current, stripe);
            counters.getAndIncrement(token);
            if (generation == current) {
                return token;
            }
            counters.getAndDecrement(token);
        }
    }

    /** Ends the access that got this token. */
    public void exit(int token) {
        counters.getAndDecrement(token);
    }

    /**
     * Begins a grace period over all accesses that are running, unless one is running already.
     *
     * @return whether it was begun
     */
    public boolean tryBeginGrace() {
        if (graceRunning) {
            return false;
        }
        graceRunning = true;
        generation ^= 1;
        return true;
    }

    /** Whether no grace period is running any more. Never waits; to be asked again later if not. */
    public boolean isGraceOver() {
        if (graceRunning) {
            int old = generation ^ 1;
            for (int stripe = 0; stripe < STRIPE_COUNT; stripe++) {
                if (counters.get(counterIndex(old, stripe)) != 0) {
                    return false;
                }
            }
            graceRunning = false;
        }
        return true;
    }

    /** Whether no access at all is running at this moment. Any thread. */
    public boolean isIdle() {
        for (int stripe = 0; stripe < STRIPE_COUNT; stripe++) {
            if (counters.get(counterIndex(0, stripe)) != 0 || counters.get(counterIndex(1, stripe)) != 0) {
                return false;
            }
        }
        return true;
    }

    private static int counterIndex(int generation, int stripe) {
        return (generation * STRIPE_COUNT + stripe) * LINE_INTS;
    }
}
