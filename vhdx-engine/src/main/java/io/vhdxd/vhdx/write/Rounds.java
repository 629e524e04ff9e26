package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.storage.NoSpaceException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a background round is due and what it does, and takes in what it has done. One round at a time is running;
 * who comes to wait meanwhile waits for the next one, because the running one may have begun its sync already.
 */
final class Rounds {
    /** Space of trimmed blocks goes back to the file system after this time, if no flush comes before. */
    static final long RECYCLE_DELAY_NANOS = 1_000_000_000;
    /** While accesses to unmapped blocks are running, the agent looks so often whether they are over. */
    private static final long GRACE_POLL_NANOS = 1_000_000;
    /** So many trimmed blocks are punched in one round, so that a flush does not wait for more. */
    private static final int PUNCHES_PER_ROUND = 64;

    private final LogWriter log;
    private final SpaceAllocator allocator;
    private final Quarantine quarantine;
    private final ImageHealth health;
    private final RoundRunner runner;
    private final LongSupplier nanoClock;

    private List<Operation> waiting = new ArrayList<>();
    private @Nullable Round running;
    private @Nullable NoSpaceException lastNoSpace;
    /** When the space of trimmed blocks is given back at the latest; meaningless while there is none. */
    private long recycleDueNanos;

    private boolean recycleTimed;

    Rounds(
            LogWriter log,
            SpaceAllocator allocator,
            Quarantine quarantine,
            ImageHealth health,
            RoundRunner runner,
            LongSupplier nanoClock) {
        this.log = log;
        this.allocator = allocator;
        this.quarantine = quarantine;
        this.health = health;
        this.runner = runner;
        this.nanoClock = nanoClock;
    }

    /** Makes an operation wait for a sync that begins after this call. */
    void await(Operation operation) {
        waiting.add(operation);
    }

    boolean isRunning() {
        return running != null;
    }

    /** Why the last round could not fill up the stock; null if it could. */
    @Nullable NoSpaceException lastNoSpace() {
        return lastNoSpace;
    }

    /**
     * Takes in a round that is done, and completes who waited for it.
     *
     * @return whether there was one
     */
    boolean finish() {
        Round round = running;
        if (round == null || !round.isDone()) {
            return false;
        }
        Throwable failure = round.failure();
        if (failure != null) {
            health.fail(failure);
        }
        if (health.hasFailed()) {
            // Who waited stays where failAll finds them.
            return true;
        }
        running = null;
        lastNoSpace = round.noSpace();
        round.log().finish().run();
        allocator.restock(round.punched(), round.fileEndMib());
        for (Operation operation : round.takeWaiting()) {
            operation.request().complete(null);
        }
        return true;
    }

    /**
     * Starts a round if none is running and one is due.
     *
     * @param neededMib what the blocks that have no space could take in all
     * @param settling whether everything is to be brought to its place, for the close
     * @return whether one was started
     */
    boolean startIfDue(long neededMib, boolean settling) {
        quarantine.advance(log.durableSequenceNumber());
        if (running != null || !isDue(neededMib, settling)) {
            return false;
        }
        StockPlan plan = allocator.plan(settling ? 0 : neededMib, quarantine.takeFree(PUNCHES_PER_ROUND));
        Round round = new Round(log.beginRound(settling), plan, allocator.fileEndMib(), waiting);
        waiting = new ArrayList<>();
        running = round;
        recycleTimed = false;
        runner.start(round);
        return true;
    }

    /** Whether everything that was written is in its place and all space is given back. */
    boolean isSettled() {
        return running == null
                && waiting.isEmpty()
                && log.isAllInPlace()
                && !quarantine.awaitsSync()
                && !quarantine.awaitsGrace()
                && !quarantine.hasFree();
    }

    /** How long the agent may sleep unless it is woken; {@link Long#MAX_VALUE} if for ever. */
    long sleepNanos() {
        if (quarantine.awaitsGrace()) {
            return GRACE_POLL_NANOS;
        }
        if (running == null && recycleTimed) {
            return Math.max(1, recycleDueNanos - nanoClock.getAsLong());
        }
        return Long.MAX_VALUE;
    }

    /**
     * Fails everybody who waits. A running round goes on, but nobody waits for it any more.
     *
     * @return how many there were
     */
    int failAll(ImageFailedException failure) {
        List<Operation> failed = new ArrayList<>(waiting);
        waiting.clear();
        if (running != null) {
            failed.addAll(running.takeWaiting());
            if (running.isDone()) {
                running = null;
            }
        }
        for (Operation operation : failed) {
            operation.request().complete(failure);
        }
        return failed.size();
    }

    private boolean isDue(long neededMib, boolean settling) {
        if (!waiting.isEmpty() || log.wantsRound()) {
            return true;
        }
        if (settling) {
            return !log.isAllInPlace() || quarantine.awaitsSync() || quarantine.hasFree();
        }
        return allocator.isLow(neededMib) || isRecycleDue();
    }

    private boolean isRecycleDue() {
        if (!quarantine.awaitsSync() && !quarantine.hasFree()) {
            recycleTimed = false;
            return false;
        }
        long now = nanoClock.getAsLong();
        if (!recycleTimed) {
            recycleTimed = true;
            recycleDueNanos = now + RECYCLE_DELAY_NANOS;
        }
        return now - recycleDueNanos >= 0;
    }
}
