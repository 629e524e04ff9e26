package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

/**
 * The buffer that the socket reads headers into, and the payloads that fit behind them. Bytes are added at its end and
 * taken from its front; the slices of it that payloads hold stay where they are. When its room gets short, a new one takes
 * its place. An idle connection has none.
 */
final class RequestBuffer {
    static final int CAPACITY_BYTES = 128 << 10;

    /** With less room than this, a new buffer is better than a short read. */
    static final int SHORT_ROOM_BYTES = 32 << 10;

    /** The size of a request without its payload. */
    private final int headerBytes;

    private ByteBuf buffer = Unpooled.EMPTY_BUFFER;

    /** The beginning of a header that waits for the next buffer. */
    private final byte[] fragment = new byte[RequestParser.EXTENDED_HEADER_BYTES];

    private int fragmentBytes;

    RequestBuffer(int headerBytes) {
        this.headerBytes = headerBytes;
    }

    /** What has been received; the caller takes bytes by moving the reader index. */
    ByteBuf received() {
        return buffer;
    }

    /** The same buffer, or its successor if need be, with room for more behind what has been received. */
    ByteBuf withRoom(ByteBufAllocator allocator) {
        if (!buffer.isReadable() && buffer.refCnt() == 1) {
            // No payload holds a slice, so the memory can be used again.
            buffer.clear();
        }
        // More bytes than these can only be the beginning of a payload, and there is room for the rest of it.
        if (buffer.writableBytes() < SHORT_ROOM_BYTES && buffer.readableBytes() < headerBytes) {
            ByteBuf successor = allocator.directBuffer(CAPACITY_BYTES, CAPACITY_BYTES);
            successor.writeBytes(fragment, 0, fragmentBytes).writeBytes(buffer);
            fragmentBytes = 0;
            buffer.release();
            buffer = successor;
        }
        return buffer;
    }

    /**
     * Gives the memory back, if there is nothing in it.
     *
     * @param inHeader whether a header comes next; then its beginning does not count, because that is kept elsewhere
     */
    void shrink(boolean inHeader) {
        boolean nothingInIt = inHeader ? buffer.readableBytes() < headerBytes : !buffer.isReadable();
        if (nothingInIt && buffer.refCnt() == 1 && buffer.capacity() > 0) {
            fragmentBytes = buffer.readableBytes();
            buffer.readBytes(fragment, 0, fragmentBytes);
            release();
        }
    }

    /** Forgets what has been received. */
    void release() {
        buffer.release();
        buffer = Unpooled.EMPTY_BUFFER;
    }
}
