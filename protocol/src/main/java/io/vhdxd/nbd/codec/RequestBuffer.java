package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.util.ReferenceCounted;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The buffer that the socket reads headers into, and the payloads that fit behind them. Bytes are added at its end and
 * taken from its front; the slices of it that payloads hold stay where they are. When its room gets short, a new one takes
 * its place. An idle connection has none.
 */
final class RequestBuffer {
    /** With less room than this part of it, a new buffer is better than a short read. */
    static final int SHORT_ROOM_DIVISOR = 4;

    /** The size of a request without its payload. */
    private final int headerBytes;

    private final ReceiveMemory memory;

    private @Nullable SharedBuffer shared;

    /** The bytes of the {@link #shared} buffer. */
    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;

    /** The beginning of a header that waits for the next buffer. */
    private final byte[] fragment = new byte[RequestParser.EXTENDED_HEADER_BYTES];

    private int fragmentBytes;

    RequestBuffer(int headerBytes, ReceiveMemory memory) {
        this.headerBytes = headerBytes;
        this.memory = memory;
    }

    /** What has been received; the caller takes bytes by moving the reader index. */
    ByteBuf received() {
        return buffer;
    }

    /** Whether something has been received and not been taken. */
    boolean holdsBytes() {
        return fragmentBytes > 0 || buffer.isReadable();
    }

    /** Keeps what has been received where it is, until the caller releases what this returns. */
    ReferenceCounted retain() {
        return Objects.requireNonNull(shared).retain();
    }

    /** The same buffer, or its successor if need be, with room for more behind what has been received. */
    ByteBuf withRoom(ByteBufAllocator allocator) {
        if (!buffer.isReadable() && !isHeldByPayloads()) {
            // The memory can be used again.
            buffer.clear();
        }
        // More bytes than these can only be the beginning of a payload, and there is room for the rest of it.
        if (buffer.writableBytes() <= buffer.capacity() / SHORT_ROOM_DIVISOR && buffer.readableBytes() < headerBytes) {
            SharedBuffer successor = SharedBuffer.allocate(allocator, memory);
            successor.bytes().writeBytes(fragment, 0, fragmentBytes).writeBytes(buffer);
            fragmentBytes = 0;
            release();
            shared = successor;
            buffer = successor.bytes();
        }
        return buffer;
    }

    private boolean isHeldByPayloads() {
        return shared != null && shared.refCnt() > 1;
    }

    /**
     * Gives the memory back, if there is nothing in it.
     *
     * @param inHeader whether a header comes next; then its beginning does not count, because that is kept elsewhere
     */
    void shrink(boolean inHeader) {
        boolean nothingInIt = inHeader ? buffer.readableBytes() < headerBytes : !buffer.isReadable();
        if (nothingInIt && shared != null && !isHeldByPayloads()) {
            fragmentBytes = buffer.readableBytes();
            buffer.readBytes(fragment, 0, fragmentBytes);
            release();
        }
    }

    /** Forgets what has been received. */
    void release() {
        if (shared != null) {
            shared.release();
            shared = null;
            buffer = Unpooled.EMPTY_BUFFER;
        }
    }
}
