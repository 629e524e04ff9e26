package io.vhdxd.server.net;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Lets an event loop look for work for a moment before it sleeps. To be woken up takes longer than to read 4 KiB, so a client
 * that waits for each reply before it asks again is served faster by a loop that has not gone to sleep.
 *
 * <p>The loop looks on only if the pause before was a short one, and no operation is under way on another thread, which may need
 * the processor. So an idle server sleeps, and so does one whose clients wait for the disk.
 */
final class AdaptivePolling implements SelectStrategy {
    /** A pause that lasts longer than this is slept through, in nanoseconds. */
    static final long SHORT_PAUSE_NANOS = 64_000;

    private final LongSupplier nanoClock;
    private final BooleanSupplier nothingUnderWay;
    private boolean pausing;
    private boolean sleeping;
    private boolean wasShort;
    private long pauseBeganNanos;

    /** @param nothingUnderWay whether no operation of this event loop is carried out by another thread */
    AdaptivePolling(LongSupplier nanoClock, BooleanSupplier nothingUnderWay) {
        this.nanoClock = nanoClock;
        this.nothingUnderWay = nothingUnderWay;
    }

    /** Asked by the event loop whenever it has done what there was: how many sockets have something new, or to sleep. */
    @Override
    public int calculateStrategy(IntSupplier readySockets, boolean hasTasks) throws Exception {
        if (sleeping || hasTasks) {
            endPause();
        }
        if (hasTasks) {
            return readySockets.get();
        }
        if (!pausing) {
            pausing = true;
            pauseBeganNanos = nanoClock.getAsLong();
        }
        if (wasShort && nothingUnderWay.getAsBoolean()) {
            int ready = readySockets.get();
            if (ready > 0) {
                endPause();
                return ready;
            }
            if (pauseNanos() < SHORT_PAUSE_NANOS) {
                Thread.onSpinWait();
                return 0;
            }
        }
        sleeping = true;
        return SelectStrategy.SELECT;
    }

    private void endPause() {
        if (pausing) {
            wasShort = pauseNanos() < SHORT_PAUSE_NANOS;
        }
        pausing = false;
        sleeping = false;
    }

    private long pauseNanos() {
        return nanoClock.getAsLong() - pauseBeganNanos;
    }
}
