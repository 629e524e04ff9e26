package io.vhdxd.server.session;

import io.netty.channel.EventLoop;
import io.vhdxd.server.export.Leftovers;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether one more request of a connection may come (promise R7). When it has said no, the connection is not read
 * from until {@code retry} is run. Everything on the event loop.
 */
final class Admission {
    private final SessionLimits limits;
    private final ByteBudget budget;
    private final Leftovers leftovers;
    private final EventLoop loop;
    private final Runnable retry;

    private int requests;
    private long bytes;

    /** What was taken from the budget: as much as {@link #bytes} exceed the connection's allowance. */
    private long budgetBytes;

    /** What the request that waits for the budget needs. */
    private long waitingBytes;

    /** What keeps the next request out; nothing else is asked until it is gone. */
    private Obstacle obstacle = Obstacle.NONE;

    private ByteBudget.@Nullable Waiter waiter;

    /** Whether the budget's bytes for the next request have been taken already. */
    private boolean granted;

    private boolean closed;

    private enum Obstacle {
        NONE,
        OWN_LIMIT,
        LEFTOVERS,
        BUDGET
    }

    /** @param retry asks {@link #tryAdmit} again; never called from within a call of this class */
    Admission(SessionLimits limits, ByteBudget budget, Leftovers leftovers, EventLoop loop, Runnable retry) {
        this.limits = limits;
        this.budget = budget;
        this.leftovers = leftovers;
        this.loop = loop;
        this.retry = retry;
    }

    /**
     * Reserves what a request needs. If the answer is no, the question must come again with the same request.
     *
     * @param requestBytes its payload, or what its reply will carry
     * @param isChange whether it may change the image: then it must not overtake changes of clients that are gone
     */
    boolean tryAdmit(long requestBytes, boolean isChange) {
        if (closed || (obstacle == Obstacle.BUDGET && !granted)) {
            return false;
        }
        if (requests > 0 && (requests >= limits.requests() || bytes + requestBytes > limits.bytes())) {
            obstacle = Obstacle.OWN_LIMIT;
            return false;
        }
        if (isChange && !leftovers.isNone()) {
            obstacle = Obstacle.LEFTOVERS;
            leftovers.whenNone(() -> loop.execute(retry));
            return false;
        }
        long neededBytes = beyondAllowance(bytes + requestBytes) - budgetBytes;
        if (granted) {
            // What was given back while it waited counts as well.
            budget.give(Objects.requireNonNull(waiter).bytes() - neededBytes);
        } else if (neededBytes > 0 && !budget.tryTake(neededBytes)) {
            obstacle = Obstacle.BUDGET;
            waitingBytes = requestBytes;
            waitForBudget(neededBytes);
            return false;
        }
        obstacle = Obstacle.NONE;
        granted = false;
        waiter = null;
        requests++;
        bytes += requestBytes;
        budgetBytes += neededBytes;
        return true;
    }

    /** Every connection has some bytes of its own, which no other can keep from it. */
    private long beyondAllowance(long heldBytes) {
        return Math.max(0, heldBytes - limits.allowanceBytes());
    }

    /** Whether it holds what others may be waiting for. */
    boolean holdsBudget() {
        return budgetBytes > 0;
    }

    /** Whether the next request waits for what others hold. */
    private boolean waitsForBudget() {
        return obstacle == Obstacle.BUDGET && !granted;
    }

    /** Lets a request in that is going to be refused at once, and so needs nothing. */
    void admitRefused() {
        requests++;
    }

    private void waitForBudget(long neededBytes) {
        waiter = new ByteBudget.Waiter(
                neededBytes,
                () -> loop.execute(() -> {
                    if (closed) {
                        budget.give(neededBytes);
                    } else {
                        granted = true;
                        retry.run();
                    }
                }));
        budget.takeWhenThere(waiter);
    }

    /** Requests have gone, with what was reserved for them. */
    void release(int releasedRequests, long releasedBytes) {
        requests -= releasedRequests;
        bytes -= releasedBytes;
        assert requests >= 0 && bytes >= 0;
        long freedBytes = budgetBytes - beyondAllowance(bytes);
        if (freedBytes > 0) {
            budgetBytes -= freedBytes;
            budget.give(freedBytes);
        }
        if (waitsForBudget() && waiter != null && beyondAllowance(bytes + waitingBytes) == 0 && budget.cancel(waiter)) {
            // It needs nothing of the budget any more.
            waiter = null;
            obstacle = Obstacle.NONE;
            loop.execute(retry);
        }
        if (obstacle == Obstacle.OWN_LIMIT && isRoomAgain()) {
            obstacle = Obstacle.NONE;
            loop.execute(retry);
        }
    }

    /** Somewhat below the limits, so that reading is not stopped and started for every single request. */
    private boolean isRoomAgain() {
        return requests == 0 || (requests <= limits.requests() * 3 / 4 && bytes <= limits.bytes() * 3 / 4);
    }

    /** Nothing is admitted any more. What has been reserved is still to be released. */
    void close() {
        closed = true;
        if (granted && waiter != null) {
            budget.give(waiter.bytes());
        } else if (waiter != null) {
            budget.cancel(waiter);
        }
        waiter = null;
        granted = false;
    }
}
