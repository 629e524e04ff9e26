package io.vhdxd.server.export;

import java.util.concurrent.atomic.AtomicInteger;

/** Runs something when everything that was expected has happened. It begins with one thing to expect. Thread-safe. */
final class Countdown {
    private final AtomicInteger expected = new AtomicInteger(1);
    private final Runnable last;

    Countdown(Runnable last) {
        this.last = last;
    }

    void expectOne() {
        expected.incrementAndGet();
    }

    void one() {
        if (expected.decrementAndGet() == 0) {
            last.run();
        }
    }
}
