package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * Decides which buffer a channel's socket reads into: that of the {@link Target}, if there is one and it has one, otherwise
 * a small new one. Each channel has its own.
 */
final class ReceiveAllocator extends DefaultMaxMessagesRecvByteBufAllocator {
    /** Who provides the buffers. */
    interface Target {
        /**
         * A direct buffer whose writable bytes shall be filled next, retained for the caller; null if the target has no
         * place for bytes at the moment.
         */
        @Nullable ByteBuf receiveBuffer(ByteBufAllocator allocator);
    }

    private static final int SMALL_BUFFER_BYTES = 4096;

    /** How often the socket is read before the event loop turns to the next connection. */
    private static final int READS_IN_A_ROW = 16;

    private @Nullable Target target;

    ReceiveAllocator() {
        super(READS_IN_A_ROW);
    }

    void receiveInto(Target newTarget) {
        target = newTarget;
    }

    @Override
    public MaxMessageHandle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                ByteBuf buffer = target == null ? null : target.receiveBuffer(allocator);
                return buffer == null ? allocator.ioBuffer(SMALL_BUFFER_BYTES) : buffer;
            }

            @Override
            public int guess() {
                return SMALL_BUFFER_BYTES;
            }
        };
    }
}
