package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.Request;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Takes requests out of the bytes that are put into its {@linkplain #bufferWithRoom buffers}, and hands them to a
 * {@link RequestHandler}. Headers, and payloads that fit behind them, go to a {@link RequestBuffer}; the rest of a larger
 * payload goes to the pieces of a {@link ReceivedPayload}.
 */
final class RequestParser {
    /** What comes next from the client. */
    private enum State {
        HEADER,
        /** Nothing: the request whose header has come is not admitted yet. */
        ADMISSION,
        PAYLOAD,
        /** A payload that is too large to be kept. */
        SKIPPED_PAYLOAD,
        /** Nothing matters any more. */
        STOPPED
    }

    private final RequestHandler handler;
    private final int maximumPayloadBytes;
    private final RequestBuffer requestBuffer = new RequestBuffer();
    private State state = State.HEADER;

    /** The request that is being received. */
    private @Nullable Request request;

    /** The payload of that request. */
    private @Nullable ReceivedPayload payload;

    private long skippedBytesLeft;
    private boolean skipsPayloads;

    RequestParser(RequestHandler handler, int maximumPayloadBytes) {
        this.handler = handler;
        this.maximumPayloadBytes = maximumPayloadBytes;
    }

    /** Where the next bytes belong: behind those that are there. */
    ByteBuf bufferWithRoom(ByteBufAllocator allocator) {
        return payload != null && payload.isInPieces()
                ? payload.pieceWithRoom(allocator)
                : requestBuffer.withRoom(allocator);
    }

    /**
     * Hands out the requests that are complete.
     *
     * @return false if it ended at a request that the handler does not admit; the next call asks again
     */
    boolean parse() throws ProtocolViolationException {
        boolean advanced = true;
        while (advanced) {
            advanced = switch (state) {
                case HEADER -> readHeader();
                case ADMISSION -> admit();
                case PAYLOAD -> receivePayload();
                case SKIPPED_PAYLOAD -> skipPayload();
                case STOPPED -> false;
            };
        }
        return state != State.ADMISSION;
    }

    /** Forgets all that has been received, and hands out nothing more. */
    void stop() {
        state = State.STOPPED;
        requestBuffer.release();
        request = null;
        if (payload != null) {
            payload.release();
            payload = null;
        }
    }

    /** From now on throws payloads away; the one that is being received is not affected. */
    void skipPayloads() {
        skipsPayloads = true;
        if (state == State.ADMISSION && payload != null) {
            Request waiting = Objects.requireNonNull(request);
            request = waiting.withoutPayload();
            payload = null;
        }
    }

    boolean isStopped() {
        return state == State.STOPPED;
    }

    /** Gives memory back that is not needed until there is something to receive. */
    void shrink() {
        requestBuffer.shrink(state == State.HEADER);
    }

    private boolean readHeader() throws ProtocolViolationException {
        ByteBuf in = requestBuffer.received();
        if (in.readableBytes() < RequestBuffer.HEADER_BYTES) {
            return false;
        }
        int magic = in.readInt();
        if (magic != Magic.REQUEST) {
            throw new ProtocolViolationException(
                    "A request begins with the wrong magic number 0x" + Integer.toHexString(magic) + ".");
        }
        int flags = in.readUnsignedShort();
        int command = in.readUnsignedShort();
        long cookie = in.readLong();
        long offsetBytes = in.readLong();
        long lengthBytes = in.readUnsignedInt();
        if (command == Command.WRITE) {
            if (lengthBytes > Limits.SKIPPED_PAYLOAD_BYTES) {
                throw new ProtocolViolationException("A WRITE declares a payload of " + lengthBytes
                        + " bytes (expected: at most " + maximumPayloadBytes + ").");
            }
            boolean keeps = lengthBytes <= maximumPayloadBytes && !skipsPayloads;
            payload = keeps ? new ReceivedPayload((int) lengthBytes) : null;
        }
        request = new Request(command, flags, cookie, offsetBytes, lengthBytes, payload);
        state = State.ADMISSION;
        return true;
    }

    private boolean admit() {
        Request waiting = Objects.requireNonNull(request);
        // The handler may stop this parser.
        if (!handler.tryAdmit(waiting) || state == State.STOPPED) {
            return false;
        }
        if (waiting.command() != Command.WRITE) {
            deliver();
        } else if (payload != null) {
            state = State.PAYLOAD;
        } else {
            state = State.SKIPPED_PAYLOAD;
            skippedBytesLeft = waiting.lengthBytes();
        }
        return true;
    }

    private boolean receivePayload() {
        ReceivedPayload incoming = Objects.requireNonNull(payload);
        boolean complete = incoming.isInPieces() ? incoming.isComplete() : incoming.takeFrom(requestBuffer.received());
        if (complete) {
            deliver();
        }
        return complete;
    }

    private boolean skipPayload() {
        ByteBuf in = requestBuffer.received();
        int skippedBytes = (int) Math.min(in.readableBytes(), skippedBytesLeft);
        in.skipBytes(skippedBytes);
        skippedBytesLeft -= skippedBytes;
        if (skippedBytesLeft > 0) {
            return false;
        }
        deliver();
        return true;
    }

    private void deliver() {
        Request complete = Objects.requireNonNull(request);
        request = null;
        payload = null;
        state = State.HEADER;
        if (complete.command() == Command.DISC) {
            stop();
        }
        handler.onRequest(complete);
    }
}
