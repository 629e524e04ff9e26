package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.measure.RoundEvent;
import io.vhdxd.vhdx.measure.RoundReason;
import io.vhdxd.vhdx.storage.NoSpaceException;
import java.util.ArrayDeque;
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
    /** So much trimmed space is punched in one round, so that a flush does not wait for more. */
    private static final long PUNCHED_MAX_MIB = 4096;
    /** The same where zeros have to be written. */
    private static final long ZEROED_MAX_MIB = 64;

    private final LogWriter log;
    private final SpaceAllocator allocator;
    private final Quarantine quarantine;
    private final Exposures exposures;
    private final ImageHealth health;
    private final RoundRunner runner;
    private final WriterGauges gauges;
    private final LongSupplier nanoClock;
    private final long recycledMaxMib;

    private ArrayDeque<Operation> waiting = new ArrayDeque<>();
    private @Nullable Round running;
    private RoundReason runningReason = RoundReason.FLUSH;
    private RoundEvent runningEvent = new RoundEvent();
    private @Nullable NoSpaceException lastNoSpace;
    /** When the space of trimmed blocks is given back at the latest; meaningless while there is none. */
    private long recycleDueNanos;

    private boolean recycleTimed;

    Rounds(
            Disk disk,
            LogWriter log,
            SpaceAllocator allocator,
            Quarantine quarantine,
            Exposures exposures,
            ImageHealth health,
            RoundRunner runner,
            WriterGauges gauges,
            LongSupplier nanoClock) {
        this.log = log;
        this.allocator = allocator;
        this.quarantine = quarantine;
        this.exposures = exposures;
        this.health = health;
        this.runner = runner;
        this.gauges = gauges;
        this.nanoClock = nanoClock;
        // A multiple of all block sizes, so that no block's space is cut.
        this.recycledMaxMib = Math.max(
                disk.zeroesFast() ? PUNCHED_MAX_MIB : ZEROED_MAX_MIB,
                disk.geometry().blockSizeMib());
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
        if (round == null || !round.isDone() || health.hasFailed()) {
            return false;
        }
        lastNoSpace = round.noSpace();
        round.log().finish().run();
        allocator.restock(round.punched(), round.fileEndMib());
        exposures.roundDone();
        if (lastNoSpace != null) {
            allocator.shortenStep();
        }
        Operation operation = round.pollWaiting();
        while (operation != null) {
            operation.request().complete(null);
            operation = round.pollWaiting();
        }
        // Last, so that failAll finds who waits if anything above should throw.
        running = null;
        tell(round);
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
        quarantine.advance();
        if (running != null) {
            return false;
        }
        RoundReason reason = reasonFor(neededMib, settling);
        if (reason == null) {
            return false;
        }
        List<Run> recycled = quarantine.takeFree(settling ? Long.MAX_VALUE : recycledMaxMib);
        StockPlan plan = allocator.plan(settling ? 0 : neededMib, recycled, quarantine.freeMib());
        Round round = new Round(log.beginRound(settling), plan, allocator.fileEndMib(), waiting, health);
        waiting = new ArrayDeque<>();
        exposures.roundBegins();
        running = round;
        runningReason = reason;
        runningEvent = new RoundEvent();
        runningEvent.begin();
        gauges.roundBegins();
        runner.start(round);
        return true;
    }

    /** Whether everything that was written is in its place and all space is given back. */
    boolean isSettled() {
        return running == null
                && waiting.isEmpty()
                && exposures.isEmpty()
                && log.isAllInPlace()
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
        int count = 0;
        Operation operation = pollWaiting();
        while (operation != null) {
            operation.request().complete(failure);
            count++;
            operation = pollWaiting();
        }
        if (running != null && running.isDone()) {
            running = null;
            gauges.roundEnds();
        }
        return count;
    }

    /** How many operations wait for a sync. */
    int waitingCount() {
        return waiting.size() + (running == null || health.hasFailed() ? 0 : running.waitingCount());
    }

    private @Nullable Operation pollWaiting() {
        Operation operation = running == null ? null : running.pollWaiting();
        return operation == null ? waiting.pollFirst() : operation;
    }

    /** Why a round is due; null if none is. */
    private @Nullable RoundReason reasonFor(long neededMib, boolean settling) {
        if (!waiting.isEmpty() || exposures.needRound()) {
            return RoundReason.FLUSH;
        }
        if (log.wantsRound()) {
            return RoundReason.LOG;
        }
        if (settling) {
            return !log.isAllInPlace() || quarantine.hasFree() ? RoundReason.SETTLE : null;
        }
        // Where the file cannot grow, it is tried only for somebody who needs it.
        boolean stockDue = allocator.hasShortage() || (lastNoSpace == null && allocator.isLow(neededMib));
        if (stockDue) {
            return RoundReason.SPACE;
        }
        return isRecycleDue() ? RoundReason.TRIM : null;
    }

    private void tell(Round round) {
        gauges.roundEnds();
        gauges.observer().roundDone(runningReason, round.waitingCount(), round.syncNanos());
        runningEvent.image = health.imageName();
        runningEvent.reason = runningReason.name();
        runningEvent.requestCount = round.waitingCount();
        runningEvent.syncNanos = round.syncNanos();
        runningEvent.commit();
    }

    private boolean isRecycleDue() {
        if (!quarantine.hasFree()) {
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
