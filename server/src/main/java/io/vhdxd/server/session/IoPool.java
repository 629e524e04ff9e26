package io.vhdxd.server.session;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads for reads and writes that may have to wait for the device. Its queue has no bound of its own: what the
 * connections may have under way bounds it.
 */
public final class IoPool implements AutoCloseable {
    private final ThreadPoolExecutor executor;

    public IoPool(int threadCount) {
        AtomicInteger number = new AtomicInteger();
        executor = new ThreadPoolExecutor(
                threadCount, threadCount, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "vhdxd-io-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        // A thread that cannot be made is found out now, not in the middle of a request.
        executor.prestartAllCoreThreads();
    }

    /** How many tasks wait for a thread. */
    public int queueLength() {
        return executor.getQueue().size();
    }

    void execute(Runnable task) {
        executor.execute(task);
    }

    /** Takes no more tasks. Those that it has are carried out. */
    @Override
    public void close() {
        executor.shutdown();
    }
}
