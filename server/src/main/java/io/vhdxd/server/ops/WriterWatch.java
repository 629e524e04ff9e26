package io.vhdxd.server.ops;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.vhdx.measure.WriterState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks every second whether the writers of the images move. A writer that has work and makes no turn, or a sync that does
 * not end, is stuck: behind a device that hangs, or by an error in vhdxd itself.
 */
public final class WriterWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.watch");

    private static final long LOOK_NANOS = 1_000_000_000;

    /** A disk that is busy answers within this time. */
    static final long STUCK_NANOS = 10 * LOOK_NANOS;

    private final LongSupplier nanoClock;
    private final Map<String, Watched> all = new LinkedHashMap<>();
    private volatile boolean closed;
    private @Nullable Thread thread;

    /** One writer, and since when its state has looked the same. */
    private static final class Watched {
        final Supplier<@Nullable WriterState> source;
        volatile long turnlessNanos;
        volatile long syncingNanos;

        @Nullable WriterState before;

        long beforeNanos;
        boolean told;

        Watched(Supplier<@Nullable WriterState> source) {
            this.source = source;
        }

        void look(long now) {
            WriterState state = source.get();
            WriterState last = before;
            if (state != null && last != null) {
                long passed = now - beforeNanos;
                boolean turnless = last.hasWork() && state.hasWork() && last.turnCount() == state.turnCount();
                turnlessNanos = turnless ? turnlessNanos + passed : 0;
                boolean syncing =
                        last.roundRunning() && state.roundRunning() && last.roundCount() == state.roundCount();
                syncingNanos = syncing ? syncingNanos + passed : 0;
            }
            before = state;
            beforeNanos = now;
        }

        long stuckNanos() {
            return Math.max(turnlessNanos, syncingNanos);
        }
    }

    public WriterWatch() {
        this(System::nanoTime);
    }

    WriterWatch(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /**
     * Adds a writer, before the start.
     *
     * @param source its state; null for an image that is read-only
     */
    public void add(String export, Supplier<@Nullable WriterState> source) {
        all.put(export, new Watched(source));
    }

    /**
     * Begins to look.
     *
     * @param health what the service manager is told after each look
     */
    public void start(Health health, ServiceManager manager) {
        long pauseNanos =
                manager.watchdogNanos() == 0 ? LOOK_NANOS : Math.clamp(manager.watchdogNanos() / 2, 1, LOOK_NANOS);
        Thread started = Thread.ofPlatform()
                .daemon()
                .name("vhdxd-watch")
                .unstarted(() -> run(pauseNanos, () -> {
                    look();
                    manager.looked(health.needsRestart(), health.problems());
                }));
        thread = started;
        started.start();
    }

    private void run(long pauseNanos, Runnable look) {
        while (!closed) {
            look.run();
            LockSupport.parkNanos(this, pauseNanos);
        }
    }

    /** Looks at all writers, and tells the log what has changed. */
    void look() {
        long now = nanoClock.getAsLong();
        all.forEach((export, writer) -> {
            writer.look(now);
            boolean stuck = writer.stuckNanos() >= STUCK_NANOS;
            if (stuck && !writer.told) {
                LOG.error("export {}: {}", ErrorText.quote(export), problem(writer));
            } else if (!stuck && writer.told) {
                LOG.info("export {}: the writer moves again", ErrorText.quote(export));
            }
            writer.told = stuck;
        });
    }

    private static String problem(Watched writer) {
        return writer.turnlessNanos >= STUCK_NANOS
                ? "its writer does not move, and has work"
                : "a sync of the image does not end";
    }

    /** The exports whose writers are watched. */
    Iterable<String> watched() {
        return List.copyOf(all.keySet());
    }

    /** How long a writer has not moved although there is work, to a second or so. */
    double stuckSeconds(String export) {
        return Objects.requireNonNull(all.get(export)).stuckNanos() / (double) TimeUnit.SECONDS.toNanos(1);
    }

    /** What is stuck, one sentence for each export; empty if all is well. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        all.forEach((export, writer) -> {
            if (writer.stuckNanos() >= STUCK_NANOS) {
                problems.add("export " + ErrorText.quote(export) + ": " + problem(writer));
            }
        });
        return problems;
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }
}
