package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ScheduledFuture;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.handshake.ExportDirectory;
import io.vhdxd.nbd.handshake.Handshake;
import io.vhdxd.nbd.handshake.OptionRefusedException;
import io.vhdxd.nbd.handshake.OptionReply;
import io.vhdxd.nbd.handshake.Outcome;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Leads a new connection through the {@link Handshake}, and puts a {@link RequestDecoder} in its own place at the end of it.
 * It must be in the pipeline before the channel becomes active, as the last handler, and no handler in front of it may
 * change bytes, but the one that it puts there itself if the client wants TLS.
 *
 * <p>Options are answered in their order, however they arrive. While the client does not take its replies, none of its
 * options is looked at.
 */
public final class HandshakeHandler extends ChannelInboundHandlerAdapter {
    private enum Phase {
        HAGGLING,
        /** The client wants TLS, and what does it is being made. */
        ENCRYPTING,
        /** The server has been asked for a request handler. */
        STARTING,
        /** The decoder has taken over, or the connection is being closed. */
        ENDED
    }

    /** How long a client that was told the end may take to close the connection. */
    private static final int LINGER_MILLIS = 1000;

    /** How much of what is encrypted is received at once: some records of TLS. */
    private static final int ENCRYPTED_BUFFER_BYTES = 64 << 10;

    private final Handshake handshake;
    private final HandshakeDecoder decoder;
    private final TransmissionStarter starter;
    private final Encryption encryption;
    private final long timeoutMillis;
    private final ReceiveAllocator receiveAllocator = new ReceiveAllocator();

    private Phase phase = Phase.HAGGLING;

    /** What has been received and not been looked at. */
    private ByteBuf received = Unpooled.EMPTY_BUFFER;

    private @Nullable ScheduledFuture<?> deadline;
    private boolean inputEnded;
    private boolean encrypted;
    private String endReason = "The client closed the connection during the handshake.";
    private @Nullable Throwable endCause;

    /** @param timeoutMillis how long a client may take until it has chosen an export */
    public HandshakeHandler(
            ExportDirectory exports, TransmissionStarter starter, Encryption encryption, long timeoutMillis) {
        this.handshake = new Handshake(exports, encryption.mode());
        this.encryption = encryption;
        this.decoder = new HandshakeDecoder(handshake);
        this.starter = starter;
        this.timeoutMillis = timeoutMillis;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        ctx.channel().config().setRecvByteBufAllocator(receiveAllocator);
        received = ctx.alloc().buffer();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        cancelDeadline();
        received.release();
        received = Unpooled.EMPTY_BUFFER;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        startDeadline(ctx);
        ByteBuf greeting = ctx.alloc().buffer(HandshakeMessages.GREETING_BYTES);
        HandshakeMessages.writeGreeting(greeting);
        send(ctx, greeting);
        ctx.flush();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            if (phase != Phase.ENDED) {
                received.writeBytes(in);
            }
        } finally {
            in.release();
        }
        decode(ctx);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (phase == Phase.HAGGLING && ctx.channel().isWritable()) {
            ctx.channel().config().setAutoRead(true);
            decode(ctx);
            ctx.flush();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent tls && !tls.isSuccess()) {
            endCause = Encryption.unwrapped(tls.cause());
            end(ctx, "The TLS handshake failed: " + endCause.getMessage() + ".");
        } else if (event instanceof ChannelInputShutdownEvent || RequestDecoder.isEndUnderTls(event)) {
            inputEnded = true;
            if (phase != Phase.STARTING) {
                endAfterWrites(ctx);
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        // While the server is asked, its answer decides who is told.
        if (phase != Phase.STARTING) {
            reportEnd(ctx);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        endCause = Encryption.unwrapped(cause);
        end(ctx, "The handshake failed: " + endCause + ".");
    }

    private void decode(ChannelHandlerContext ctx) {
        while (phase == Phase.HAGGLING) {
            if (!ctx.channel().isWritable()) {
                ctx.channel().config().setAutoRead(false);
                return;
            }
            Outcome outcome = decoder.next(received);
            if (outcome == null) {
                received.discardSomeReadBytes();
                return;
            }
            carryOut(ctx, outcome);
        }
    }

    private void carryOut(ChannelHandlerContext ctx, Outcome outcome) {
        switch (outcome) {
            case Outcome.Haggle(List<OptionReply> replies) -> write(ctx, replies);
            case Outcome.EnterTransmission entry -> start(ctx, entry);
            case Outcome.StartTls(OptionReply reply) -> startTls(ctx, reply);
            case Outcome.Close(List<OptionReply> replies, String reason) when replies.isEmpty() -> end(ctx, reason);
            case Outcome.Close(List<OptionReply> replies, String reason) -> {
                phase = Phase.ENDED;
                endReason = reason;
                write(ctx, replies);
                // A close at once could destroy the replies, if the client has sent more than was read.
                cancelDeadline();
                deadline = ctx.executor().schedule(() -> close(ctx), LINGER_MILLIS, TimeUnit.MILLISECONDS);
            }
        }
    }

    private void startTls(ChannelHandlerContext ctx, OptionReply reply) {
        phase = Phase.ENCRYPTING;
        ctx.channel().config().setAutoRead(false);
        encryption
                .newHandler(ctx.channel())
                .addListener((Future<SslHandler> made) -> ctx.executor().execute(() -> encrypt(ctx, reply, made)));
    }

    private void encrypt(ChannelHandlerContext ctx, OptionReply reply, Future<SslHandler> made) {
        if (phase != Phase.ENCRYPTING) {
            return;
        }
        if (!made.isSuccess()) {
            endCause = made.cause();
            end(ctx, "TLS cannot be started: " + endCause + ".");
            return;
        }
        if (received.isReadable()) {
            // Whoever sent it, possibly not the client, must not be heard behind the encryption (CVE-2021-3716).
            end(ctx, "Something was sent in clear behind STARTTLS.");
            return;
        }
        write(ctx, List.of(reply));
        ctx.flush();
        SslHandler ssl = made.getNow();
        ssl.setHandshakeTimeoutMillis(timeoutMillis);
        ctx.pipeline().addBefore(ctx.name(), null, ssl);
        receiveAllocator.receiveInto(allocator -> allocator.directBuffer(ENCRYPTED_BUFFER_BYTES));
        encrypted = true;
        phase = Phase.HAGGLING;
        ctx.channel().config().setAutoRead(true);
    }

    private void start(ChannelHandlerContext ctx, Outcome.EnterTransmission entry) {
        phase = Phase.STARTING;
        cancelDeadline();
        ctx.channel().config().setAutoRead(false);
        Future<RequestHandler> future = askServer(ctx, entry.session());
        if (future.isDone()) {
            started(ctx, entry, future);
        } else {
            future.addListener((Future<RequestHandler> done) -> ctx.executor().execute(() -> {
                started(ctx, entry, done);
                decode(ctx);
                ctx.flush();
            }));
        }
    }

    private Future<RequestHandler> askServer(ChannelHandlerContext ctx, NegotiatedSession session) {
        try {
            return starter.start(ctx.channel(), session);
        } catch (RuntimeException e) {
            return ctx.executor().newFailedFuture(e);
        }
    }

    private void started(ChannelHandlerContext ctx, Outcome.EnterTransmission entry, Future<RequestHandler> done) {
        boolean active = ctx.channel().isActive();
        if (done.isSuccess() && active) {
            enterTransmission(ctx, entry, done.getNow());
        } else if (done.isSuccess()) {
            done.getNow().onClosed();
        } else if (active) {
            refuse(ctx, entry, done.cause());
        } else {
            reportEnd(ctx);
        }
    }

    private void enterTransmission(ChannelHandlerContext ctx, Outcome.EnterTransmission entry, RequestHandler handler) {
        phase = Phase.ENDED;
        ByteBuf replies = ctx.alloc().buffer();
        HandshakeMessages.writeEntry(replies, entry);
        send(ctx, replies);
        ctx.flush();

        RequestDecoder requestDecoder = new RequestDecoder(ctx.channel(), handler, entry.session());
        // The client may have sent requests already, trusting that its option succeeds.
        ByteBuf early = received.readRetainedSlice(received.readableBytes());
        ctx.pipeline().replace(this, null, requestDecoder);
        if (!encrypted) {
            receiveAllocator.receiveInto(requestDecoder::receiveBuffer);
        }
        requestDecoder.begin(early, inputEnded);
    }

    private void refuse(ChannelHandlerContext ctx, Outcome.EnterTransmission entry, Throwable cause) {
        phase = Phase.HAGGLING;
        if (cause instanceof OptionRefusedException refusal) {
            carryOut(ctx, handshake.refuse(entry.session(), refusal));
        } else {
            endCause = cause;
            OptionRefusedException refusal =
                    new OptionRefusedException(OptionReplyType.PLATFORM, "The server cannot provide the export.");
            carryOut(ctx, handshake.refuse(entry.session(), refusal));
        }
        if (phase == Phase.HAGGLING) {
            startDeadline(ctx);
            if (inputEnded) {
                endAfterWrites(ctx);
            } else {
                ctx.channel().config().setAutoRead(true);
            }
        }
    }

    private static void write(ChannelHandlerContext ctx, List<OptionReply> replies) {
        if (!replies.isEmpty()) {
            ByteBuf out = ctx.alloc().buffer();
            replies.forEach(reply -> HandshakeMessages.writeOptionReply(out, reply));
            send(ctx, out);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // A void promise reports failures to exceptionCaught.
    private static void send(ChannelHandlerContext ctx, ByteBuf out) {
        ctx.write(out, ctx.voidPromise());
    }

    private void startDeadline(ChannelHandlerContext ctx) {
        String reason = "The client did not choose an export within " + timeoutMillis + " ms.";
        deadline = ctx.executor().schedule(() -> end(ctx, reason), timeoutMillis, TimeUnit.MILLISECONDS);
    }

    private void cancelDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    /** Closes the connection as soon as the client has been sent its replies. */
    private void endAfterWrites(ChannelHandlerContext ctx) {
        phase = Phase.ENDED;
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // channelInactive tells the end.
    private static void close(ChannelHandlerContext ctx) {
        ctx.close();
    }

    /** Closes the connection at once. The options before the one that ended it have been answered. */
    private void end(ChannelHandlerContext ctx, String reason) {
        if (phase == Phase.HAGGLING || phase == Phase.ENCRYPTING) {
            phase = Phase.ENDED;
            endReason = reason;
            ctx.flush();
        }
        close(ctx);
    }

    private void reportEnd(ChannelHandlerContext ctx) {
        starter.handshakeEnded(ctx.channel(), endReason, endCause);
    }
}
