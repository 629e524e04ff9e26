package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.storage.Storage;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs the writer of one image on two threads: the agent's duty cycle, and the background rounds. Neither is ever
 * interrupted; both end when the agent is closed.
 */
final class WriterThreads implements RoundRunner {
    private final Storage storage;
    private final Thread agentThread;
    private final Thread roundThread;
    private @Nullable WriteAgent agent;
    private volatile @Nullable Round next;
    private volatile boolean agentEnded;
    private final CompletableFuture<Void> roundsEnded = new CompletableFuture<>();

    WriterThreads(Storage storage, String imageName) {
        this.storage = storage;
        this.agentThread = Thread.ofPlatform().name("vhdx-writer " + imageName).unstarted(this::runAgent);
        this.roundThread = Thread.ofPlatform().name("vhdx-sync " + imageName).unstarted(this::runRounds);
    }

    void start(WriteAgent agentToRun) {
        agent = agentToRun;
        roundThread.start();
        agentThread.start();
    }

    /** Makes the agent look again whether there is something to do. */
    void wake() {
        LockSupport.unpark(agentThread);
    }

    @Override
    public void start(Round round) {
        next = round;
        LockSupport.unpark(roundThread);
    }

    /** Waits until the agent is closed. A caller that is interrupted goes on waiting. */
    void awaitEnd() {
        roundsEnded.join();
    }

    private void runAgent() {
        WriteAgent running = agent;
        assert running != null;
        try {
            while (!running.isClosed()) {
                if (doWork(running) == 0) {
                    sleep(running.sleepNanos());
                }
            }
        } finally {
            agentEnded = true;
            LockSupport.unpark(roundThread);
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

    private void sleep(long nanos) {
        if (nanos == Long.MAX_VALUE) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, nanos);
        }
    }

    private void runRounds() {
        while (!agentEnded) {
            Round round = next;
            if (round == null) {
                LockSupport.park(this);
            } else {
                next = null;
                round.run(storage);
                wake();
            }
        }
        roundsEnded.complete(null);
    }
}
