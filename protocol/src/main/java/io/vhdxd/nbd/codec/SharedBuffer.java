package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.AbstractReferenceCounted;
import io.netty.util.ReferenceCounted;

/** A buffer that a {@link RequestBuffer} fills, and payloads hold slices of. It is given back when the last of them has gone. */
final class SharedBuffer extends AbstractReferenceCounted {
    static final int LARGE_BYTES = 128 << 10;

    /** When {@link ReceiveMemory} is used up. A small request still fits. */
    static final int SMALL_BYTES = 4 << 10;

    private final ByteBuf bytes;
    private final ReceiveMemory memory;
    private final int takenBytes;

    private SharedBuffer(ByteBuf bytes, ReceiveMemory memory, int takenBytes) {
        this.bytes = bytes;
        this.memory = memory;
        this.takenBytes = takenBytes;
    }

    static SharedBuffer allocate(ByteBufAllocator allocator, ReceiveMemory memory) {
        boolean large = memory.tryTake(LARGE_BYTES);
        int capacity = large ? LARGE_BYTES : SMALL_BYTES;
        try {
            return new SharedBuffer(allocator.directBuffer(capacity, capacity), memory, large ? LARGE_BYTES : 0);
        } catch (Throwable e) {
            memory.give(large ? LARGE_BYTES : 0);
            throw e;
        }
    }

    ByteBuf bytes() {
        return bytes;
    }

    @Override
    protected void deallocate() {
        bytes.release();
        memory.give(takenBytes);
    }

    @Override
    public ReferenceCounted touch(Object hint) {
        return this;
    }
}
