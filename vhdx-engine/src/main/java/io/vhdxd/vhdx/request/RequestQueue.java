package io.vhdxd.vhdx.request;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The mailbox of a writer: many threads put requests in, one takes them all out at once, in the order in which they were
 * put. Lock-free, and without an allocation: the requests themselves are the links.
 *
 * <p>It has no bound of its own. Who puts requests in must limit how many of them it has under way (promise R7).
 */
public final class RequestQueue {
    /** The request that was put last; each links to the one put before it. */
    private final AtomicReference<@Nullable ImageRequest> newest = new AtomicReference<>();

    /**
     * Puts a request in.
     *
     * @return whether the queue was empty, so that its taker may be asleep and has to be woken
     */
    public boolean put(ImageRequest request) {
        ImageRequest before;
        do {
            before = newest.get();
            request.next = before;
        } while (!newest.compareAndSet(before, request));
        return before == null;
    }

    public boolean isEmpty() {
        return newest.get() == null;
    }

    /** Takes everything out; the oldest comes first, {@link #next} leads from each to the following one. */
    public @Nullable ImageRequest takeAll() {
        ImageRequest request = newest.getAndSet(null);
        ImageRequest following = null;
        while (request != null) {
            ImageRequest before = request.next;
            request.next = following;
            following = request;
            request = before;
        }
        return following;
    }

    /** The request that follows one which came out of {@link #takeAll}, unlinked from it; null behind the last. */
    public static @Nullable ImageRequest next(ImageRequest request) {
        ImageRequest following = request.next;
        request.next = null;
        return following;
    }
}
