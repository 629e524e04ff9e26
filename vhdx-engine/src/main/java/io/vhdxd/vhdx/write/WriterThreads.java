package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.storage.Storage;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs the writer of one image, the agent's duty cycle and the background rounds, on two threads that can do both. One at a
 * time has the <em>turn</em>, which is to run the agent. Who starts a round gives the turn up, runs the round itself, and takes the
 * turn again to finish it; meanwhile the other thread may take it. So a flush of a writer that has nothing else to do wakes one
 * thread, and what comes while a round runs does not wait for its sync. Neither thread is ever interrupted; both end when the
 * agent is closed.
 */
final class WriterThreads implements RoundRunner {
    private final Storage storage;
    private final Thread first;
    private final Thread second;
    private @Nullable WriteAgent agent;

    /** Who has the turn; null if nobody. */
    private final AtomicReference<@Nullable Thread> turn = new AtomicReference<>();

    /** Whether something may have come that the agent has not looked at. Set before {@link #turn} is looked at. */
    private volatile boolean wanted;

    /** Whether the first thread runs a round. Of that thread. */
    private volatile boolean firstInRound;

    /** The round that the agent has started in this turn. Of the thread that has the turn. */
    private @Nullable Round started;

    private volatile boolean ended;
    private final CompletableFuture<Void> firstEnded = new CompletableFuture<>();
    private final CompletableFuture<Void> secondEnded = new CompletableFuture<>();

    WriterThreads(Storage storage, String imageName) {
        this.storage = storage;
        this.first = Thread.ofPlatform().name("vhdx-writer-1 " + imageName).unstarted(() -> runUntilEnd(firstEnded));
        this.second = Thread.ofPlatform().name("vhdx-writer-2 " + imageName).unstarted(() -> runUntilEnd(secondEnded));
    }

    void start(WriteAgent agentToRun) {
        agent = agentToRun;
        wanted = true;
        first.start();
        second.start();
    }

    /**
     * Makes the agent look again whether there is something to do. A thread that gives the turn up looks at {@link #wanted}
     * afterwards; so either it sees that it was set here, or it is seen here that nobody has the turn.
     */
    void wake() {
        wanted = true;
        Thread running = turn.get();
        LockSupport.unpark(running == null ? whoIsFree() : running);
    }

    /** A thread that is in no round; it may have the turn. */
    private Thread whoIsFree() {
        return firstInRound ? second : first;
    }

    @Override
    public void start(Round round) {
        started = round;
    }

    /** Waits until the agent is closed. A caller that is interrupted goes on waiting. */
    void awaitEnd() {
        firstEnded.join();
        secondEnded.join();
    }

    private void runUntilEnd(CompletableFuture<Void> end) {
        try {
            while (!ended) {
                if (wanted && turn.compareAndSet(null, Thread.currentThread())) {
                    takeTurn();
                } else {
                    LockSupport.park(this);
                }
            }
        } finally {
            end.complete(null);
        }
    }

    /** Runs the agent as long as there is something to do for it, gives the turn up, and runs the round that was started. */
    private void takeTurn() {
        WriteAgent running = agent;
        assert running != null;
        runAgent(running);
        Round round = started;
        started = null;
        if (running.isClosed()) {
            ended = true;
            LockSupport.unpark(first);
            LockSupport.unpark(second);
            return;
        }
        if (round == null) {
            turn.set(null);
        } else {
            if (first.equals(Thread.currentThread())) {
                firstInRound = true;
            }
            if (running.hasReady()) {
                wanted = true;
            }
            turn.set(null);
            if (wanted) {
                LockSupport.unpark(whoIsFree());
            }
            round.run(storage);
            tellRoundDone();
        }
    }

    private void tellRoundDone() {
        if (first.equals(Thread.currentThread())) {
            firstInRound = false;
        }
        wanted = true;
        // If nobody has the turn, this thread is about to take it.
        LockSupport.unpark(turn.get());
    }

    /** Returns when the agent is closed, has started a round, or has nothing to do until it is wanted again. */
    private void runAgent(WriteAgent running) {
        while (!running.isClosed() && started == null) {
            wanted = false;
            if (doWork(running) == 0 && started == null && !wanted) {
                long nanos = running.sleepNanos();
                if (nanos == Long.MAX_VALUE) {
                    return;
                }
                LockSupport.parkNanos(this, nanos);
            }
        }
    }

    private static int doWork(WriteAgent agent) {
        try {
            return agent.doWork();
        } catch (RuntimeException | Error e) {
            agent.crashed(e);
            return 1;
        }
    }
}
