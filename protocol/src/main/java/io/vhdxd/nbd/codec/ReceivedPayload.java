package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.vhdxd.nbd.Payload;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A payload while it is received, and afterwards. It is a slice of the buffer that its header came in, if it fits in there.
 * Otherwise the slice holds the beginning, and the rest goes into pieces of its own, which the socket fills one after the
 * other. A piece is allocated when there is something to receive and the one before it is full, so memory follows what was
 * received; and none is larger than the rest of the payload, so the next header never lands in one.
 */
final class ReceivedPayload implements Payload {
    static final int PIECE_BYTES = 256 << 10;

    private static final ByteBuf[] NO_PARTS = {};
    private static final ByteBuffer[] NO_BUFFERS = {};

    private final int lengthBytes;
    private ByteBuf[] parts = NO_PARTS;
    private int partCount;

    /** How many bytes of the payload no part has room for. */
    private int bytesWithoutRoom;

    private boolean inPieces;
    private @Nullable ByteBuf piece;
    private ByteBuffer[] buffers = NO_BUFFERS;

    ReceivedPayload(int lengthBytes) {
        this.lengthBytes = lengthBytes;
        this.bytesWithoutRoom = lengthBytes;
    }

    @Override
    public long lengthBytes() {
        return lengthBytes;
    }

    @Override
    public ByteBuffer[] buffers() {
        return buffers;
    }

    @Override
    public void release() {
        for (int i = 0; i < partCount; i++) {
            parts[i].release();
        }
    }

    /**
     * Looks at the bytes behind the header, and decides how the payload is received: in the same buffer, or in pieces.
     *
     * @return whether it is complete
     */
    boolean takeFrom(ByteBuf received) {
        int availableBytes = received.readableBytes();
        if (availableBytes >= lengthBytes) {
            if (lengthBytes > 0) {
                parts = new ByteBuf[1];
                add(received.readRetainedSlice(lengthBytes));
            }
            complete();
            return true;
        }
        int missingBytes = lengthBytes - availableBytes;
        if (missingBytes > received.writableBytes()) {
            inPieces = true;
            parts = new ByteBuf[1 + (missingBytes + PIECE_BYTES - 1) / PIECE_BYTES];
            if (availableBytes > 0) {
                add(received.readRetainedSlice(availableBytes));
            }
        }
        return false;
    }

    boolean isInPieces() {
        return inPieces;
    }

    /** The piece to receive into: the one that is not full, or a new one. */
    ByteBuf pieceWithRoom(ByteBufAllocator allocator) {
        ByteBuf current = piece;
        if (current == null || !current.isWritable()) {
            int bytes = Math.min(bytesWithoutRoom, PIECE_BYTES);
            current = allocator.directBuffer(bytes, bytes);
            add(current);
            piece = current;
        }
        return current;
    }

    /** Whether the pieces have made the payload complete. */
    boolean completeIfFilled() {
        if (bytesWithoutRoom > 0 || piece == null || piece.isWritable()) {
            return false;
        }
        complete();
        return true;
    }

    private void add(ByteBuf part) {
        parts[partCount++] = part;
        bytesWithoutRoom -= part.capacity();
    }

    /**
     * Makes the views of the buffers. That has to happen on the event loop, because not all of Netty's buffers let other
     * threads do it while the socket reads into the memory behind them.
     */
    private void complete() {
        buffers = new ByteBuffer[partCount];
        for (int i = 0; i < partCount; i++) {
            buffers[i] = parts[i].nioBuffer();
        }
    }
}
