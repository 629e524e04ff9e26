package io.vhdxd.server.session;

import io.vhdxd.nbd.Request;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A request that is being carried out: {@link #start}, then {@link #completed} if that has not done it, then either {@link
 * #succeed} or {@link #discard}.
 */
abstract class Operation {
    final Session session;
    final Request request;

    /** What {@link Admission} reserved for it. */
    final long reservedBytes;

    /** When the request had come, on the clock of {@link System#nanoTime}. */
    final long cameNanos = System.nanoTime();

    /** The link of {@link Completions}; owned by it. */
    @Nullable Operation next;

    private @Nullable IOException failure;

    Operation(Session session, Request request, long reservedBytes) {
        this.session = session;
        this.request = request;
        this.reservedBytes = reservedBytes;
    }

    /**
     * Carries the request out as far as that takes no waiting. On the event loop.
     *
     * @return whether it is done; if not, {@link #completed} is called sometime, on any thread
     * @throws IOException if it failed, and is done
     */
    abstract boolean start() throws IOException;

    /** Writes the reply to a request that was carried out, and parts with the memory that it holds. */
    abstract void succeed(ReplyStream replies);

    /** Gives back the memory that it holds, without a reply. */
    abstract void discard();

    /** It is done, or has failed. Called once, on any thread, and last. */
    public final void completed(@Nullable IOException failure) {
        this.failure = failure;
        session.complete(this);
    }

    /** Why it failed; null if it did not. Known when it is complete. */
    final @Nullable IOException failure() {
        return failure;
    }
}
