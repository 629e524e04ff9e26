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
    /** What came of putting a request in. */
    public enum Put {
        /** The queue was empty, so its taker may be asleep and has to be woken. */
        WAKE,
        /** Others are in the queue already. */
        QUEUED,
        /** The queue is closed: the request is not in it. */
        CLOSED
    }

    private static final ImageRequest CLOSED_MARK = new FlushRequest(failure -> {});

    /** The request that was put last, each links to the one put before it; or the mark. */
    private final AtomicReference<@Nullable ImageRequest> newest = new AtomicReference<>();

    public Put put(ImageRequest request) {
        while (true) {
            ImageRequest before = newest.get();
            if (before == CLOSED_MARK) {
                return Put.CLOSED;
            }
            request.next = before;
            if (newest.compareAndSet(before, request)) {
                return before == null ? Put.WAKE : Put.QUEUED;
            }
        }
    }

    /** Whether there is nothing to take. */
    public boolean isEmpty() {
        ImageRequest request = newest.get();
        return request == null || request == CLOSED_MARK;
    }

    /** Takes everything out; the oldest comes first, {@link #next} leads from each to the following one. */
    public @Nullable ImageRequest takeAll() {
        ImageRequest request = newest.get();
        while (request != null && request != CLOSED_MARK) {
            if (newest.compareAndSet(request, null)) {
                return reverse(request);
            }
            request = newest.get();
        }
        return null;
    }

    /** Lets no more requests in. What is in the queue is lost to it and returned, as by {@link #takeAll}. */
    public @Nullable ImageRequest close() {
        ImageRequest request = newest.getAndSet(CLOSED_MARK);
        return request == CLOSED_MARK ? null : reverse(request);
    }

    /** The request that follows one which came out of the queue, unlinked from it; null behind the last. */
    public static @Nullable ImageRequest next(ImageRequest request) {
        ImageRequest following = request.next;
        request.next = null;
        return following;
    }

    private static @Nullable ImageRequest reverse(@Nullable ImageRequest newestRequest) {
        ImageRequest request = newestRequest;
        ImageRequest following = null;
        while (request != null) {
            ImageRequest before = request.next;
            request.next = following;
            following = request;
            request = before;
        }
        return following;
    }
}
