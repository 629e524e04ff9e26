package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is done in the background between one sync and the next, ending with that sync. The agent fills a round in,
 * another thread {@link #run}s it, and the agent reads the outcome when {@link #isDone} says so. One round at a time runs
 * on an image.
 *
 * <p>Before the sync: the file grows, pages of durable log entries are written to their place, free space is punched.
 * None of them depends on another one of the same round; the sync makes all of them durable, and with them every
 * write that was complete when the round began.
 */
final class Round {
    private final long coveredLogSequenceNumber;
    private final long appliedLogSequenceNumber;
    private final List<LogPage> pages;
    private final StockPlan plan;
    private List<Operation> waiting;

    private final List<Run> punched = new ArrayList<>();
    private long fileEndMib;
    private @Nullable NoSpaceException noSpace;
    private @Nullable Throwable failure;
    private volatile boolean done;

    /**
     * Makes a round.
     *
     * @param coveredLogSequenceNumber the last log entry written before the round; durable when it succeeds
     * @param appliedLogSequenceNumber the last log entry whose pages are among {@code pages}
     * @param pages to be written to their place; all of them from entries that are durable
     * @param fileEndMib the file's size
     * @param waiting who waits for the sync
     */
    Round(
            long coveredLogSequenceNumber,
            long appliedLogSequenceNumber,
            List<LogPage> pages,
            StockPlan plan,
            long fileEndMib,
            List<Operation> waiting) {
        this.coveredLogSequenceNumber = coveredLogSequenceNumber;
        this.appliedLogSequenceNumber = appliedLogSequenceNumber;
        this.pages = pages;
        this.plan = plan;
        this.fileEndMib = fileEndMib;
        this.waiting = waiting;
    }

    /** Does all of it; never throws. */
    void run(Storage storage) {
        try {
            grow(storage);
            apply(storage);
            punch(storage);
            storage.sync();
        } catch (IOException | RuntimeException | Error e) {
            failure = e;
        } finally {
            done = true;
        }
    }

    boolean isDone() {
        return done;
    }

    /** Why the image must fail; null if nothing went wrong that matters to its content. */
    @Nullable Throwable failure() {
        return failure;
    }

    /** Throws the failure, if there is one. */
    void throwFailure() throws IOException {
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new AssertionError(failure);
        }
    }

    /** Set if the file system had no space for the stock that was planned; the sync was done all the same. */
    @Nullable NoSpaceException noSpace() {
        return noSpace;
    }

    long coveredLogSequenceNumber() {
        return coveredLogSequenceNumber;
    }

    /** The last log entry whose pages are durable in their place thanks to this round. */
    long appliedLogSequenceNumber() {
        return appliedLogSequenceNumber;
    }

    List<Run> punched() {
        return punched;
    }

    long fileEndMib() {
        return fileEndMib;
    }

    /** Hands over who waits for the sync. Agent only. */
    List<Operation> takeWaiting() {
        List<Operation> taken = waiting;
        waiting = List.of();
        return taken;
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

    private void apply(Storage storage) throws IOException {
        for (LogPage page : pages) {
            storage.write(page.content().duplicate(), page.fileOffsetBytes());
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
