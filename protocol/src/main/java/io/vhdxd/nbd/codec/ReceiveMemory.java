package io.vhdxd.nbd.codec;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the buffers that requests are received into may take, in all connections of a server. They are not a part of what
 * requests reserve: a client that sends one request in part, or whose small payloads are being written, keeps all of a
 * buffer. When there is nothing left, connections get {@linkplain SharedBuffer#SMALL_BYTES small} buffers. Thread-safe.
 */
public final class ReceiveMemory {
    private final long limitBytes;
    private final AtomicLong takenBytes = new AtomicLong();

    /** @param limitBytes does not count small buffers, of which each connection may have one and some that are in use */
    public ReceiveMemory(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Without a limit. */
    public static ReceiveMemory unlimited() {
        return new ReceiveMemory(Long.MAX_VALUE);
    }

    long takenBytes() {
        return takenBytes.get();
    }

    boolean tryTake(int bytes) {
        if (takenBytes.addAndGet(bytes) <= limitBytes) {
            return true;
        }
        give(bytes);
        return false;
    }

    void give(int bytes) {
        takenBytes.addAndGet(-bytes);
    }
}
