package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.Request;
import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Takes requests out of what a client sends, and hands them to a {@link RequestHandler}. It is the last handler of its
 * channel. All methods must be called on the channel's event loop.
 *
 * <p>The socket reads straight into the buffers of {@link #receiveBuffer}: the {@link RequestBuffer}, or the piece of a
 * {@link ReceivedPayload}. Bytes that come in other buffers (early ones from the handshake, for example) are copied to where
 * the socket would have put them, so there is one way through this class.
 */
public final class RequestDecoder extends ChannelInboundHandlerAdapter {
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

    static final int HEADER_BYTES = 28;

    private final Channel channel;
    private final RequestHandler handler;
    private final int maximumPayloadBytes;
    private final RequestBuffer requestBuffer = new RequestBuffer();

    /** Buffers of another origin that have not been looked at. */
    private final ArrayDeque<ByteBuf> foreign = new ArrayDeque<>();

    private State state = State.HEADER;

    /** The request that is being received. */
    private @Nullable Request request;

    /** The payload of that request. */
    private @Nullable ReceivedPayload payload;

    private long skippedBytesLeft;

    /** The buffer that the socket was given last. */
    private @Nullable ByteBuf receiving;

    private boolean paused;
    private boolean inputEnded;
    private boolean failed;
    private boolean closed;

    RequestDecoder(Channel channel, RequestHandler handler, int maximumPayloadBytes) {
        this.channel = channel;
        this.handler = handler;
        this.maximumPayloadBytes = maximumPayloadBytes;
    }

    /**
     * Begins, in the place of the handshake.
     *
     * @param early what the client has sent behind its last option; released here
     * @param earlyInputEnd whether the client sends nothing more
     */
    void begin(ByteBuf early, boolean earlyInputEnd) {
        foreign.add(early);
        inputEnded = earlyInputEnd;
        try {
            handler.onStart(this);
        } catch (RuntimeException e) {
            fail(e);
        }
        proceed();
    }

    /** Goes on after {@link RequestHandler#tryAdmit} has answered no; does nothing otherwise. */
    public void resume() {
        if (paused) {
            paused = false;
            proceed();
        }
    }

    private void proceed() {
        try {
            decode();
            takeForeign();
        } catch (RuntimeException e) {
            fail(e);
        }
        setAutoRead();
        endBatch();
    }

    /** Delivers no more requests, and throws away what else the client sends. */
    public void stop() {
        state = State.STOPPED;
        requestBuffer.release();
        foreign.forEach(ByteBuf::release);
        foreign.clear();
        request = null;
        if (payload != null) {
            payload.release();
            payload = null;
        }
        paused = false;
        setAutoRead();
    }

    /** See {@link ReceiveAllocator.Target}. */
    @Nullable ByteBuf receiveBuffer(ByteBufAllocator allocator) {
        receiving = paused || state == State.STOPPED
                ? null
                : bufferWithRoom(allocator).retain();
        return receiving;
    }

    private ByteBuf bufferWithRoom(ByteBufAllocator allocator) {
        return payload != null && payload.isInPieces()
                ? payload.pieceWithRoom(allocator)
                : requestBuffer.withRoom(allocator);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // Asks whether it is the buffer that the socket was given, not its content.
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (in == receiving) {
            in.release();
            decode();
        } else if (state == State.STOPPED) {
            in.release();
        } else {
            foreign.add(in);
            takeForeign();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        endBatch();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        handler.onWritabilityChanged(channel.isWritable());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded = true;
            reportInputEnd();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stop();
        closed = true;
        handler.onClosed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(cause);
    }

    /** Copies foreign bytes to where the socket would have put them. */
    private void takeForeign() {
        while (!paused && !foreign.isEmpty()) {
            ByteBuf in = foreign.getFirst();
            if (in.isReadable()) {
                ByteBuf room = bufferWithRoom(channel.alloc());
                room.writeBytes(in, Math.min(in.readableBytes(), room.writableBytes()));
                decode();
            } else {
                foreign.removeFirst().release();
            }
        }
    }

    private void decode() {
        boolean advanced = !paused;
        while (advanced) {
            advanced = switch (state) {
                case HEADER -> readHeader();
                case ADMISSION -> admit();
                case PAYLOAD -> receivePayload();
                case SKIPPED_PAYLOAD -> skipPayload();
                case STOPPED -> false;
            };
        }
    }

    private boolean readHeader() {
        ByteBuf in = requestBuffer.received();
        if (in.readableBytes() < HEADER_BYTES) {
            return false;
        }
        int magic = in.readInt();
        if (magic != Magic.REQUEST) {
            fail(new ProtocolViolationException(
                    "A request begins with the wrong magic number 0x" + Integer.toHexString(magic) + "."));
            return false;
        }
        int flags = in.readUnsignedShort();
        int command = in.readUnsignedShort();
        long cookie = in.readLong();
        long offsetBytes = in.readLong();
        long lengthBytes = in.readUnsignedInt();
        if (command == Command.WRITE) {
            if (lengthBytes > Limits.SKIPPED_PAYLOAD_BYTES) {
                fail(new ProtocolViolationException("A WRITE declares a payload of " + lengthBytes
                        + " bytes (expected: at most " + maximumPayloadBytes + ")."));
                return false;
            }
            payload = lengthBytes <= maximumPayloadBytes ? new ReceivedPayload((int) lengthBytes) : null;
        }
        request = new Request(command, flags, cookie, offsetBytes, lengthBytes, payload);
        state = State.ADMISSION;
        return true;
    }

    private boolean admit() {
        Request waiting = Objects.requireNonNull(request);
        boolean admitted = handler.tryAdmit(waiting);
        if (state == State.STOPPED) {
            return false;
        }
        if (!admitted) {
            paused = true;
            setAutoRead();
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
        boolean complete =
                incoming.isInPieces() ? incoming.completeIfFilled() : incoming.takeFrom(requestBuffer.received());
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

    /**
     * Reads on, unless it is paused. A stopped decoder reads on too, or nobody would notice when the client leaves. Behind the
     * end of the input there is nothing to read, and Netty's epoll channels fail when they are asked to.
     */
    private void setAutoRead() {
        if (channel.isActive() && !inputEnded) {
            channel.config().setAutoRead(!paused);
        }
    }

    private void endBatch() {
        if (closed) {
            return;
        }
        requestBuffer.shrink(state == State.HEADER);
        handler.onBatchEnd();
        reportInputEnd();
    }

    private void reportInputEnd() {
        if (inputEnded && !paused && state != State.STOPPED) {
            stop();
            handler.onInputEnd();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // channelInactive tells the end.
    private void fail(Throwable cause) {
        stop();
        if (!failed && !closed) {
            failed = true;
            handler.onFailure(cause);
        }
        channel.close();
    }
}
