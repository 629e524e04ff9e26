package io.vhdxd.nbd.codec;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.Future;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.TestExports;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A server on the loopback interface. */
final class SocketServer implements AutoCloseable {
    final TrackingAllocator allocator = new TrackingAllocator();
    final BlockingQueue<String> ends = new LinkedBlockingQueue<>();

    private final EventLoopGroup group;
    private final Channel listener;

    /** @param handlers makes the handler of a connection */
    SocketServer(Transport transport, TestExports exports, Function<Channel, RequestHandler> handlers) {
        group = new MultiThreadIoEventLoopGroup(1, transport.ioHandlers());
        TransmissionStarter starter = new TransmissionStarter() {
            @Override
            public Future<RequestHandler> start(Channel channel, NegotiatedSession session) {
                return channel.eventLoop().newSucceededFuture(handlers.apply(channel));
            }

            @Override
            public void handshakeEnded(Channel channel, String reason, @Nullable Throwable cause) {
                ends.add(reason);
            }
        };
        listener = new ServerBootstrap()
                .group(group)
                .channel(transport.serverChannel())
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HandshakeHandler(exports, starter, Encryption.OFF, 30_000));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        allocator.assertAllReleased();
    }
}
