package io.vhdxd.server.session;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The sessions that are not over: they have a connection, or operations under way. Thread-safe. */
final class Sessions {
    private final Set<Lifetime> sessions = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;

    void add(Lifetime session) {
        sessions.add(session);
        if (draining) {
            session.drain();
        }
    }

    void remove(Lifetime session) {
        sessions.remove(session);
        if (sessions.isEmpty()) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** Drains all sessions, and all that are still added. */
    void drain() {
        draining = true;
        sessions.forEach(Lifetime::drain);
    }

    void close() {
        sessions.forEach(Lifetime::close);
    }

    int count() {
        return sessions.size();
    }

    /** Waits until there are none; tells whether there are. */
    synchronized boolean awaitNone(long timeoutMillis) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (!sessions.isEmpty()) {
            long leftNanos = deadlineNanos - System.nanoTime();
            if (leftNanos <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, leftNanos);
        }
        return true;
    }
}
