package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.TransmissionMode;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Takes requests out of the bytes that are put into its {@linkplain #bufferWithRoom buffers}, and hands them to a
 * {@link RequestHandler}. Headers, and payloads that fit behind them, go to a {@link RequestBuffer}; the rest of a larger
 * payload goes to the pieces of a {@link ReceivedPayload}.
 */
final class RequestParser {
    static final int COMPACT_HEADER_BYTES = 28;
    static final int EXTENDED_HEADER_BYTES = 32;

    /** What comes next from the client. */
    private enum State {
        HEADER,
        /** The payload of a BLOCK_STATUS, which belongs to the question whether it is admitted. */
        CONTEXTS,
        /** Nothing: the request whose header has come is not admitted yet. */
        ADMISSION,
        PAYLOAD,
        /** A payload that is too large to be kept, or that the command should not have. */
        SKIPPED_PAYLOAD,
        /** Nothing matters any more. */
        STOPPED
    }

    private final RequestHandler handler;
    private final boolean extended;
    private final int headerBytes;
    private final int maximumPayloadBytes;
    private final RequestBuffer requestBuffer;
    private State state = State.HEADER;

    /** The request that is being received. */
    private @Nullable Request request;

    /** The payload of that request. */
    private @Nullable ReceivedPayload payload;

    private long skippedBytesLeft;
    private boolean skipsPayloads;

    RequestParser(RequestHandler handler, NegotiatedSession session) {
        this.handler = handler;
        extended = session.mode() == TransmissionMode.EXTENDED;
        headerBytes = extended ? EXTENDED_HEADER_BYTES : COMPACT_HEADER_BYTES;
        maximumPayloadBytes = session.export().maximumPayloadBytes();
        requestBuffer = new RequestBuffer(headerBytes, handler.receiveMemory());
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
                case CONTEXTS -> receiveContexts();
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
            skippedBytesLeft = payload.lengthBytes();
            payload = null;
        }
    }

    /** Whether a part of a request has been received, and not all of it. */
    boolean isWithinRequest() {
        return switch (state) {
            case HEADER -> requestBuffer.holdsBytes();
            case CONTEXTS, ADMISSION, PAYLOAD, SKIPPED_PAYLOAD -> true;
            case STOPPED -> false;
        };
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
        if (in.readableBytes() < headerBytes) {
            return false;
        }
        int magic = in.readInt();
        if (magic != (extended ? Magic.EXTENDED_REQUEST : Magic.REQUEST)) {
            throw new ProtocolViolationException(
                    "A request begins with the wrong magic number 0x" + Integer.toHexString(magic) + ".");
        }
        int flags = in.readUnsignedShort();
        int command = in.readUnsignedShort();
        long cookie = in.readLong();
        long offsetBytes = in.readLong();
        long lengthBytes = extended ? in.readLong() : in.readUnsignedInt();
        state = State.ADMISSION;
        boolean hasPayload = extended ? (flags & CommandFlags.PAYLOAD_LEN) != 0 : command == Command.WRITE;
        if (hasPayload && command != Command.DISC) {
            expectPayload(command, lengthBytes);
        }
        request = new Request(
                command, flags, cookie, offsetBytes, lengthBytes, command == Command.WRITE ? payload : null);
        return true;
    }

    /** Decides what to do with the bytes behind the header; what is neither kept nor too much is skipped. */
    private void expectPayload(int command, long bytes) throws ProtocolViolationException {
        // Clients with compact headers may not have been told the maximum; those with extended ones must keep to it.
        long bytesMax = extended ? maximumPayloadBytes : Limits.SKIPPED_PAYLOAD_BYTES;
        if (Long.compareUnsigned(bytes, bytesMax) > 0) {
            throw new ProtocolViolationException(Command.nameOf(command) + " declares a payload of "
                    + Long.toUnsignedString(bytes) + " bytes (expected: at most " + maximumPayloadBytes + ").");
        }
        if (command == Command.WRITE && bytes <= maximumPayloadBytes && !skipsPayloads) {
            payload = new ReceivedPayload((int) bytes);
        } else if (command == Command.BLOCK_STATUS && ContextList.isLength(bytes)) {
            payload = new ReceivedPayload((int) bytes);
            state = State.CONTEXTS;
        } else {
            skippedBytesLeft = bytes;
        }
    }

    private boolean receiveContexts() {
        ReceivedPayload incoming = Objects.requireNonNull(payload);
        if (!isComplete(incoming)) {
            return false;
        }
        payload = null;
        try {
            request = ContextList.addTo(Objects.requireNonNull(request), incoming);
        } finally {
            incoming.release();
        }
        state = State.ADMISSION;
        return true;
    }

    private boolean admit() {
        Request waiting = Objects.requireNonNull(request);
        // The handler may stop this parser.
        if (!handler.tryAdmit(waiting) || state == State.STOPPED) {
            return false;
        }
        if (payload != null) {
            state = State.PAYLOAD;
        } else if (skippedBytesLeft > 0) {
            state = State.SKIPPED_PAYLOAD;
        } else {
            deliver();
        }
        return true;
    }

    private boolean receivePayload() {
        boolean complete = isComplete(Objects.requireNonNull(payload));
        if (complete) {
            deliver();
        }
        return complete;
    }

    private boolean isComplete(ReceivedPayload incoming) {
        return incoming.isInPieces() ? incoming.isComplete() : incoming.takeFrom(requestBuffer);
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
