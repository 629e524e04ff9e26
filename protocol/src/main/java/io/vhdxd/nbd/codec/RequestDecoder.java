package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.vhdxd.nbd.NegotiatedSession;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a client sends into calls of a {@link RequestHandler}. It is the last handler of its channel. Its methods must
 * be called on the channel's event loop.
 *
 * <p>The socket reads straight into the buffers of the {@link RequestParser}. Bytes that come in other buffers (early ones
 * from the handshake, for example) are copied to where the socket would have put them, so there is one way of parsing.
 */
public final class RequestDecoder extends ChannelInboundHandlerAdapter {
    private final Channel channel;
    private final RequestHandler handler;
    private final RequestParser parser;

    /** Buffers of another origin that have not been parsed. */
    private final ArrayDeque<ByteBuf> foreign = new ArrayDeque<>();

    /** The buffer that the socket is reading into. */
    private @Nullable ByteBuf receiving;

    /** Where in that buffer it began. */
    private int receivingFrom;

    private long receivedBytes;

    /** Whether a request waits for admission. */
    private boolean paused;

    private boolean inputEnded;
    private boolean failed;
    private boolean closed;

    RequestDecoder(Channel channel, RequestHandler handler, NegotiatedSession session) {
        this.channel = channel;
        this.handler = handler;
        this.parser = new RequestParser(handler, session);
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
        } catch (Throwable e) {
            fail(e);
        }
        proceed();
    }

    /** What has come from the client so far, in bytes. */
    public long receivedBytes() {
        return receivedBytes;
    }

    /** Whether a request has come in part, or as a whole but waits for admission. */
    public boolean isWithinRequest() {
        return paused || parser.isWithinRequest();
    }

    /** Goes on after {@link RequestHandler#tryAdmit} has answered no; does nothing otherwise. */
    public void resume() {
        assert channel.eventLoop().inEventLoop();
        if (paused) {
            paused = false;
            proceed();
        }
    }

    private void proceed() {
        try {
            parse();
            takeForeign();
        } catch (Throwable e) {
            fail(e);
        }
        setAutoRead();
        endBatch();
    }

    /**
     * From now on delivers requests without their payloads, for a handler that refuses them all: they take no memory. A
     * payload that is being received is not affected. If a request waits for admission, {@link RequestHandler#tryAdmit} is
     * asked again.
     */
    public void skipPayloads() {
        assert channel.eventLoop().inEventLoop();
        parser.skipPayloads();
        resume();
    }

    /** Delivers no more requests, and throws away what else the client sends. */
    public void stop() {
        assert channel.eventLoop().inEventLoop();
        parser.stop();
        foreign.forEach(ByteBuf::release);
        foreign.clear();
        paused = false;
        setAutoRead();
    }

    /** See {@link ReceiveAllocator.Target}. */
    @Nullable ByteBuf receiveBuffer(ByteBufAllocator allocator) {
        // An epoll channel reads on although it should not, when the client has closed its side.
        receiving = paused || parser.isStopped()
                ? null
                : parser.bufferWithRoom(allocator).retain();
        receivingFrom = receiving == null ? 0 : receiving.writerIndex();
        return receiving;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // Asks whether it is the buffer that the socket was given, not its content.
    public void channelRead(ChannelHandlerContext ctx, Object message) throws ProtocolViolationException {
        ByteBuf in = (ByteBuf) message;
        if (in == receiving) {
            receivedBytes += in.writerIndex() - receivingFrom;
            receiving = null;
            in.release();
            parse();
        } else if (parser.isStopped()) {
            in.release();
        } else {
            receivedBytes += in.readableBytes();
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
        if (!closed) {
            handler.onWritabilityChanged(channel.isWritable());
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || isEndUnderTls(event)) {
            inputEnded = true;
            reportInputEnd();
        }
    }

    /** Under TLS a client may say that nothing more comes, and leave the socket open. */
    static boolean isEndUnderTls(Object event) {
        return event instanceof SslCloseCompletionEvent close && close.isSuccess();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stop();
        closed = true;
        handler.onClosed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(Encryption.unwrapped(cause));
    }

    /** Copies foreign bytes to where the socket would have put them. */
    private void takeForeign() throws ProtocolViolationException {
        while (!paused && !foreign.isEmpty()) {
            ByteBuf in = foreign.getFirst();
            if (in.isReadable()) {
                ByteBuf room = parser.bufferWithRoom(channel.alloc());
                room.writeBytes(in, Math.min(in.readableBytes(), room.writableBytes()));
                parse();
            } else {
                foreign.removeFirst().release();
            }
        }
    }

    private void parse() throws ProtocolViolationException {
        if (!paused && !parser.parse()) {
            paused = true;
            setAutoRead();
        }
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
        if (!closed) {
            parser.shrink();
            handler.onBatchEnd();
            reportInputEnd();
        }
    }

    private void reportInputEnd() {
        if (inputEnded && !paused && !parser.isStopped()) {
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
