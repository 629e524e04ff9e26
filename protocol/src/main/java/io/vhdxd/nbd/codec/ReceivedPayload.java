package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ReferenceCounted;
import io.vhdxd.nbd.Payload;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A payload while it is received, and afterwards. It is a part of the buffer that its header came in, if it fits in there.
 * Otherwise that part holds the beginning, and the rest goes into pieces of its own, which the socket fills one after the
 * other. A piece is allocated when there is something to receive and the one before it is full, so memory follows what was
 * received; and none is larger than the rest of the payload, so the next header never lands in one.
 */
final class ReceivedPayload implements Payload {
    static final int PIECE_BYTES = 256 << 10;

    private static final ReferenceCounted[] NO_OWNERS = {};
    private static final ByteBuffer[] NO_BUFFERS = {};

    private final int lengthBytes;

    /** The bytes, part by part. These views are made on the event loop, because that is not safe on other threads. */
    private ByteBuffer[] buffers = NO_BUFFERS;

    /** What to release for each part. */
    private ReferenceCounted[] owners = NO_OWNERS;

    private int partCount;

    /** How many bytes of the payload belong to no part so far. */
    private int bytesLeft;

    /** The piece that was allocated last. */
    private @Nullable ByteBuf piece;

    private boolean inPieces;

    ReceivedPayload(int lengthBytes) {
        this.lengthBytes = lengthBytes;
        this.bytesLeft = lengthBytes;
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
            owners[i].release();
        }
    }

    /**
     * Looks at the bytes behind the header, and decides how the payload is received: in the same buffer, or in pieces.
     *
     * @return whether it is complete
     */
    boolean takeFrom(RequestBuffer requestBuffer) {
        ByteBuf received = requestBuffer.received();
        int availableBytes = Math.min(received.readableBytes(), lengthBytes);
        int missingBytes = lengthBytes - availableBytes;
        if (missingBytes > 0 && missingBytes <= received.writableBytes()) {
            return false;
        }
        inPieces = missingBytes > 0;
        int partsNeeded = (availableBytes > 0 ? 1 : 0) + (missingBytes + PIECE_BYTES - 1) / PIECE_BYTES;
        buffers = new ByteBuffer[partsNeeded];
        owners = new ReferenceCounted[partsNeeded];
        if (availableBytes > 0) {
            add(requestBuffer.retain(), received.nioBuffer(received.readerIndex(), availableBytes));
            received.skipBytes(availableBytes);
        }
        return !inPieces;
    }

    boolean isInPieces() {
        return inPieces;
    }

    /** The piece to receive into: the one that is not full, or a new one. */
    ByteBuf pieceWithRoom(ByteBufAllocator allocator) {
        ByteBuf current = piece;
        if (current == null || !current.isWritable()) {
            int bytes = Math.min(bytesLeft, PIECE_BYTES);
            current = allocator.directBuffer(bytes, bytes);
            piece = current;
            add(current, current.nioBuffer(0, bytes));
        }
        return current;
    }

    /** Whether the pieces have made the payload complete. */
    boolean isComplete() {
        return bytesLeft == 0 && piece != null && !piece.isWritable();
    }

    private void add(ReferenceCounted owner, ByteBuffer buffer) {
        owners[partCount] = owner;
        buffers[partCount] = buffer;
        partCount++;
        bytesLeft -= buffer.remaining();
    }
}
