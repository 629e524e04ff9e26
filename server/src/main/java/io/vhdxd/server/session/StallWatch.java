package io.vhdxd.server.session;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Looks after clients that sit on memory: what a WRITE needs is reserved before its payload is received, and what a READ
 * needs until its data has left for the socket. A client that stalls in the middle would keep that from all others (nbd.md
 * SEC-23, SEC-24). Nothing happens to it as long as nobody waits for memory: a client that was suspended may go on an hour
 * later. Everything on the event loop.
 */
final class StallWatch {
    private static final long CHECK_MILLIS = 10_000;

    /** A client that moves less between two checks counts as stalled. */
    static final long PROGRESS_BYTES_MIN = 64 << 10;

    /** Checks in a row without progress, after which a client is dropped. */
    private static final int STALLED_CHECKS_MAX = 3;

    private final EventLoop loop;
    private final ByteBudget budget;
    private final BooleanSupplier waitsForClient;
    private final LongSupplier movedBytes;
    private final Runnable drop;

    private boolean watching;
    private long movedBytesBefore;
    private int stalledChecks;

    /**
     * @param waitsForClient whether a part of the budget is held by what only the client can bring to its end
     * @param movedBytes how much has been received and sent so far
     * @param drop closes the connection
     */
    StallWatch(
            EventLoop loop, ByteBudget budget, BooleanSupplier waitsForClient, LongSupplier movedBytes, Runnable drop) {
        this.loop = loop;
        this.budget = budget;
        this.waitsForClient = waitsForClient;
        this.movedBytes = movedBytes;
        this.drop = drop;
    }

    /** A part of the budget is held. */
    void watch() {
        if (!watching) {
            watching = true;
            stalledChecks = 0;
            movedBytesBefore = movedBytes.getAsLong();
            checkLater();
        }
    }

    private void checkLater() {
        var _ = loop.schedule(this::check, CHECK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void check() {
        if (!waitsForClient.getAsBoolean()) {
            watching = false;
            return;
        }
        long moved = movedBytes.getAsLong();
        stalledChecks = moved - movedBytesBefore >= PROGRESS_BYTES_MIN ? 0 : stalledChecks + 1;
        movedBytesBefore = moved;
        if (budget.isContended() && stalledChecks >= STALLED_CHECKS_MAX) {
            drop.run();
        } else {
            checkLater();
        }
    }
}
