package io.vhdxd.vhdx.storage;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A thread's own native memory for the arguments of system calls, so that no call allocates and no two threads share. */
final class NativeScratch {
    /** The most buffers that one gathering write takes: Linux's IOV_MAX. */
    static final int MAX_IOVECS = 1024;

    /** What a heap buffer is copied through in pieces, so that a large one does not pin its size in native memory. */
    static final int COPY_BUFFER_BYTES = 256 * 1024;

    private static final long IOVEC_BYTES = 16;
    private static final long IOVEC_LENGTH_OFFSET = 8;

    private static final ThreadLocal<NativeScratch> OF_THREAD = ThreadLocal.withInitial(NativeScratch::new);

    private final MemorySegment iovecs =
            Arena.ofAuto().allocate(MAX_IOVECS * IOVEC_BYTES, ValueLayout.JAVA_LONG.byteSize());
    private @Nullable ByteBuffer copyBuffer;

    private NativeScratch() {}

    static NativeScratch ofThread() {
        return OF_THREAD.get();
    }

    /** An array of {@value #MAX_IOVECS} {@code struct iovec}. */
    MemorySegment iovecs() {
        return iovecs;
    }

    void setIovec(int index, long address, long lengthBytes) {
        iovecs.set(ValueLayout.JAVA_LONG, index * IOVEC_BYTES, address);
        iovecs.set(ValueLayout.JAVA_LONG, index * IOVEC_BYTES + IOVEC_LENGTH_OFFSET, lengthBytes);
    }

    /** An empty direct buffer for at most {@value #COPY_BUFFER_BYTES} bytes; its limit is {@code maxBytes} if that is less. */
    ByteBuffer copyBuffer(int maxBytes) {
        if (copyBuffer == null) {
            copyBuffer = ByteBuffer.allocateDirect(COPY_BUFFER_BYTES);
        }
        return copyBuffer.clear().limit(Math.min(maxBytes, COPY_BUFFER_BYTES));
    }
}
