package io.vhdxd.nbd;

import java.nio.ByteBuffer;

/**
 * The bytes of a WRITE. Who gets a request owns its payload, and must release it exactly once, on any thread; the buffers
 * must not be used after that.
 */
public interface Payload {
    long lengthBytes();

    /**
     * The bytes, one buffer's remaining bytes after the other's. All buffers are direct. It is the same array at each call;
     * whoever takes it may move the buffers' positions.
     */
    ByteBuffer[] buffers();

    void release();
}
