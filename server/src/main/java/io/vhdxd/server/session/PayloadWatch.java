package io.vhdxd.server.session;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Looks after payloads that do not come. What a WRITE needs is reserved before its payload is received; a client that stalls
 * in the middle would keep that from all others (nbd.md SEC-24). Nothing happens to it as long as nobody waits for memory:
 * a client that was suspended may go on an hour later. Everything on the event loop.
 */
final class PayloadWatch {
    private static final long CHECK_MILLIS = 10_000;

    /** Checks in a row without a byte, after which a client is dropped. */
    private static final int STALLED_CHECKS_MAX = 3;

    /** Checks after which a client is dropped although it sends a byte now and then. */
    private static final int CHECKS_MAX = 30;

    private final EventLoop loop;
    private final ByteBudget budget;
    private final BooleanSupplier isPayloadDue;
    private final Runnable drop;

    private boolean watching;
    private boolean progressed;
    private int checks;
    private int stalledChecks;

    /**
     * @param isPayloadDue whether a request was admitted whose payload is not complete
     * @param drop closes the connection
     */
    PayloadWatch(EventLoop loop, ByteBudget budget, BooleanSupplier isPayloadDue, Runnable drop) {
        this.loop = loop;
        this.budget = budget;
        this.isPayloadDue = isPayloadDue;
        this.drop = drop;
    }

    /** Some bytes have come, and a payload is not complete. */
    void progressed() {
        progressed = true;
        if (!watching) {
            watching = true;
            checks = 0;
            stalledChecks = 0;
            checkLater();
        }
    }

    private void checkLater() {
        var _ = loop.schedule(this::check, CHECK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void check() {
        if (!isPayloadDue.getAsBoolean()) {
            watching = false;
            return;
        }
        checks++;
        stalledChecks = progressed ? 0 : stalledChecks + 1;
        progressed = false;
        if (budget.isContended() && (stalledChecks >= STALLED_CHECKS_MAX || checks >= CHECKS_MAX)) {
            drop.run();
        } else {
            checkLater();
        }
    }
}
