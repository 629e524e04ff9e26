package io.vhdxd.server.net;

import java.util.concurrent.atomic.LongAdder;

/** Counts what became of the connections of a server, on whatever address they came. Thread-safe. */
final class ConnectionTally {
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** A connection was let in. */
    void accepted() {
        accepted.increment();
    }

    /** A connection was one too many. */
    void refused() {
        refused.increment();
    }

    long acceptedCount() {
        return accepted.sum();
    }

    long refusedCount() {
        return refused.sum();
    }
}
