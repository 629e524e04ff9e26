package io.vhdxd.nbd.codec;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import org.junit.jupiter.api.Assumptions;

/** The kinds of sockets that the handlers must work with. */
enum Transport {
    NIO,
    EPOLL;

    IoHandlerFactory ioHandlers() {
        if (this == NIO) {
            return NioIoHandler.newFactory();
        }
        Assumptions.assumeTrue(Epoll.isAvailable(), "The native library for epoll is there for x86-64 only.");
        return EpollIoHandler.newFactory();
    }

    Class<? extends ServerChannel> serverChannel() {
        return this == NIO ? NioServerSocketChannel.class : EpollServerSocketChannel.class;
    }
}
