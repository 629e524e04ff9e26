package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Remembers all buffers, so that a test can tell which of them were not released. */
final class TrackingAllocator extends AbstractByteBufAllocator {
    private final ByteBufAllocator delegate = new UnpooledByteBufAllocator(true);
    private final Queue<ByteBuf> buffers = new ConcurrentLinkedQueue<>();

    TrackingAllocator() {
        super(true);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return track(delegate.heapBuffer(initialCapacity, maxCapacity));
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        return track(delegate.directBuffer(initialCapacity, maxCapacity));
    }

    private ByteBuf track(ByteBuf buffer) {
        buffers.add(buffer);
        return buffer;
    }

    @Override
    public boolean isDirectBufferPooled() {
        return delegate.isDirectBufferPooled();
    }

    /** The buffers that are in use. */
    List<ByteBuf> live() {
        return buffers.stream().filter(buffer -> buffer.refCnt() > 0).toList();
    }

    long liveBytes() {
        return live().stream().mapToLong(ByteBuf::capacity).sum();
    }

    /** How many buffers have been allocated. */
    int count() {
        return buffers.size();
    }

    /** The capacities of all buffers that were allocated after the first ones. */
    List<Integer> capacities(int first) {
        return buffers.stream().skip(first).map(ByteBuf::capacity).toList();
    }

    void assertAllReleased() {
        assertThat(live()).as("buffers that were not released").isEmpty();
    }
}
