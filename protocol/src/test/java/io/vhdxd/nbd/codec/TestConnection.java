package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.WireBytes;
import io.vhdxd.nbd.handshake.ExportDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client's connection to a server of this package, without a socket. */
final class TestConnection implements TransmissionStarter, AutoCloseable {
    /** How bytes reach the handlers. */
    enum Way {
        /** As a socket does it: into the buffer that the channel's allocator provides, while auto-read is on. */
        SOCKET,
        /** In buffers that somebody else has made. */
        FOREIGN
    }

    static final int TIMEOUT_MILLIS = 30_000;
    private static final int READS_IN_A_ROW = 16;

    final TrackingAllocator allocator = new TrackingAllocator();
    final RecordingHandler handler;
    final EmbeddedChannel channel;
    final List<String> ends = new ArrayList<>();
    final List<@Nullable Throwable> endCauses = new ArrayList<>();
    final List<NegotiatedSession> sessions = new ArrayList<>();

    /** What {@link #start} answers. */
    Future<RequestHandler> answer;

    /** What {@link #start} throws. */
    @Nullable RuntimeException startFailure;

    private final Way way;

    /** Time passes only when a test says so. */
    private final MockTicker ticker = Ticker.newMockTicker();

    TestConnection(Way way) {
        this(way, TestExports.of("disk"), new RecordingHandler());
    }

    TestConnection(Way way, ExportDirectory exports, RecordingHandler handler) {
        this.way = way;
        this.handler = handler;
        this.answer = ImmediateEventExecutor.INSTANCE.newSucceededFuture(handler);
        ChannelInitializer<Channel> initializer = new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel initialized) {
                initialized.config().setAllocator(allocator);
                initialized
                        .pipeline()
                        .addLast(new HandshakeHandler(exports, TestConnection.this, Encryption.OFF, TIMEOUT_MILLIS));
            }
        };
        this.channel =
                EmbeddedChannel.builder().handlers(initializer).ticker(ticker).build();
    }

    /** A connection in its transmission phase. */
    static TestConnection transmitting(Way way) {
        return transmitting(way, TestExports.of("disk"), new RecordingHandler());
    }

    static TestConnection transmitting(Way way, ExportDirectory exports, RecordingHandler handler) {
        return transmitting(way, exports, handler, TransmissionMode.SIMPLE);
    }

    static TestConnection transmitting(Way way, TransmissionMode mode) {
        return transmitting(way, TestExports.of("disk"), new RecordingHandler(), mode);
    }

    static TestConnection transmitting(Way way, RecordingHandler handler, TransmissionMode mode) {
        return transmitting(way, TestExports.of("disk"), handler, mode);
    }

    private static TestConnection transmitting(
            Way way, ExportDirectory exports, RecordingHandler handler, TransmissionMode mode) {
        TestConnection connection = new TestConnection(way, exports, handler);
        WireBytes handshake = new WireBytes().u32(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES);
        switch (mode) {
            case SIMPLE -> {}
            case STRUCTURED -> handshake.option(OptionCode.STRUCTURED_REPLY);
            case EXTENDED -> handshake.option(OptionCode.EXTENDED_HEADERS);
        }
        connection.send(handshake.option(OptionCode.GO, WireBytes.infoData("")));
        assertThat(connection.handler.events).startsWith("start");
        connection.sent();
        connection.handler.events.clear();
        return connection;
    }

    @Override
    public Future<RequestHandler> start(Channel started, NegotiatedSession session) {
        sessions.add(session);
        if (startFailure != null) {
            throw startFailure;
        }
        return answer;
    }

    @Override
    public void handshakeEnded(Channel ended, String reason, @Nullable Throwable cause) {
        ends.add(reason);
        endCauses.add(cause);
    }

    void send(WireBytes bytes) {
        send(bytes.toArray());
    }

    /** The client sends bytes; they arrive together. With a socket, what comes while it is not read is lost to the test. */
    void send(byte[] bytes) {
        ByteBuf network = Unpooled.wrappedBuffer(bytes);
        deliver(network);
        assertThat(network.isReadable()).as("bytes that nobody read").isFalse();
    }

    /** Some bytes arrive, in the way of this connection. */
    void deliver(ByteBuf network) {
        if (way == Way.FOREIGN) {
            channel.writeInbound(allocator.directBuffer(network.readableBytes()).writeBytes(network));
        } else {
            receive(network);
        }
    }

    /** Reads from the network like Netty's sockets, as long as the channel wants to read. */
    void receive(ByteBuf network) {
        while (network.isReadable() && channel.config().isAutoRead() && channel.isOpen()) {
            var handle = channel.unsafe().recvBufAllocHandle();
            handle.reset(channel.config());
            for (int i = 0;
                    i < READS_IN_A_ROW
                            && network.isReadable()
                            && channel.config().isAutoRead()
                            && channel.isOpen();
                    i++) {
                ByteBuf buffer = handle.allocate(allocator);
                buffer.writeBytes(network, Math.min(network.readableBytes(), buffer.writableBytes()));
                channel.pipeline().fireChannelRead(buffer);
            }
            handle.readComplete();
            channel.pipeline().fireChannelReadComplete();
        }
        channel.runPendingTasks();
    }

    void passTime(long amount, TimeUnit unit) {
        ticker.advance(amount, unit);
        channel.runScheduledPendingTasks();
    }

    /** What the server has sent since the last call. */
    byte[] sent() {
        WireBytes sent = new WireBytes();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes);
            out.release();
            sent.put(bytes);
        }
        return sent.toArray();
    }

    /** Ends the connection, and checks that no memory is left behind. */
    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        channel.runPendingTasks();
        sent();
        channel.checkException();
        allocator.assertAllReleased();
    }
}
