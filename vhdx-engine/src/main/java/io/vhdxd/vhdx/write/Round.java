package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is done in the background between one sync and the next, ending with that sync. The agent fills a round in,
 * another thread {@link #run}s it, and the agent reads the outcome when {@link #isDone} says so. One round at a time runs
 * on an image.
 *
 * <p>Before the sync: the file grows, pages of durable log entries are written to their place, log entries that nobody needs
 * are wiped, free space is punched. None of these depends on another one of the same round; the sync makes all of them
 * durable, and with them every write that was complete when the round began.
 */
final class Round {
    private final LogRound log;
    private final StockPlan plan;
    private final ArrayDeque<Operation> waiting;
    private final int waitingCount;
    private final ImageHealth health;

    private final List<Run> punched = new ArrayList<>();
    private long fileEndMib;
    private @Nullable NoSpaceException noSpace;
    private long syncNanos;
    private volatile boolean done;

    /**
     * Makes a round.
     *
     * @param fileEndMib the file's size
     * @param waiting who waits for the sync
     */
    Round(LogRound log, StockPlan plan, long fileEndMib, ArrayDeque<Operation> waiting, ImageHealth health) {
        this.log = log;
        this.plan = plan;
        this.fileEndMib = fileEndMib;
        this.waiting = waiting;
        this.waitingCount = waiting.size();
        this.health = health;
    }

    /** Does all of it. Never throws: a failure makes the image fail, before the round is done. */
    void run(Storage storage) {
        try {
            grow(storage);
            log.writeTo(storage);
            punch(storage);
            long syncBegan = System.nanoTime();
            storage.sync();
            syncNanos = System.nanoTime() - syncBegan;
        } catch (IOException | RuntimeException | Error e) {
            health.fail(e);
        } finally {
            done = true;
        }
    }

    boolean isDone() {
        return done;
    }

    /** Set if the file system had no space for the stock that was planned; the sync was done all the same. */
    @Nullable NoSpaceException noSpace() {
        return noSpace;
    }

    /** How many waited for it when it began. */
    int waitingCount() {
        return waitingCount;
    }

    /** How long the sync took. Nothing is decided by it. */
    long syncNanos() {
        return syncNanos;
    }

    LogRound log() {
        return log;
    }

    List<Run> punched() {
        return punched;
    }

    long fileEndMib() {
        return fileEndMib;
    }

    /** The next one of those who wait for the sync, removed from them; null if there is none. Agent only. */
    @Nullable Operation pollWaiting() {
        return waiting.pollFirst();
    }

    private void grow(Storage storage) throws IOException {
        if (plan.fileEndMib() > fileEndMib) {
            try {
                storage.setSize(plan.fileEndMib() * Geometry.MIB);
                fileEndMib = plan.fileEndMib();
            } catch (NoSpaceException e) {
                noSpace = e;
            }
        }
    }

    private void punch(Storage storage) throws IOException {
        for (Run run : plan.punches()) {
            try {
                storage.punchHole(run.offsetMib() * Geometry.MIB, run.lengthMib() * Geometry.MIB);
                punched.add(run);
            } catch (NoSpaceException e) {
                // The run stays claimed. It is free again after the next opening of the image.
                noSpace = e;
            }
        }
    }
}
