package io.vhdxd.vhdx.request;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Something the writer of an image shall do. An instance is used once.
 *
 * <p>The range of a request must lie inside the virtual disk; the image checks that when it takes the request.
 */
public abstract sealed class ImageRequest permits WriteRequest, ZeroRequest, TrimRequest, FlushRequest, GrowRequest {
    /** The link of {@link RequestQueue}; owned by the queue. */
    @Nullable ImageRequest next;

    private final long offsetBytes;
    private final long lengthBytes;
    private final boolean durable;
    private final Completion completion;

    ImageRequest(long offsetBytes, long lengthBytes, boolean durable, Completion completion) {
        this.offsetBytes = offsetBytes;
        this.lengthBytes = lengthBytes;
        this.durable = durable;
        this.completion = completion;
    }

    /** Where the range begins on the virtual disk. */
    public final long offsetBytes() {
        return offsetBytes;
    }

    public final long lengthBytes() {
        return lengthBytes;
    }

    /** The first byte behind the range. */
    public final long endBytes() {
        return offsetBytes + lengthBytes;
    }

    /** Whether the request is complete only when it survives loss of power (NBD's FUA, and FLUSH itself). */
    public final boolean isDurable() {
        return durable;
    }

    public final boolean isAbandoned() {
        return completion.isAbandoned();
    }

    public final void complete(@Nullable IOException failure) {
        completion.completed(failure);
    }
}
