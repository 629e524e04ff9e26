package io.vhdxd.vhdx.request;

import java.nio.ByteBuffer;

/** Writes bytes. The buffers belong to the writer until the request is complete. */
public final class WriteRequest extends ImageRequest {
    private final ByteBuffer[] srcs;

    /**
     * @param srcs the bytes, one buffer's remaining bytes after the other's; direct buffers are written without a copy
     */
    public WriteRequest(long offsetBytes, ByteBuffer[] srcs, boolean durable, Completion completion) {
        super(offsetBytes, remaining(srcs), durable, completion);
        this.srcs = srcs;
    }

    public ByteBuffer[] srcs() {
        return srcs;
    }

    private static long remaining(ByteBuffer[] srcs) {
        long bytes = 0;
        for (ByteBuffer src : srcs) {
            bytes += src.remaining();
        }
        return bytes;
    }
}
