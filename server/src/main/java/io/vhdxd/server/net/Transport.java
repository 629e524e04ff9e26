package io.vhdxd.server.net;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How Netty talks to the sockets of this machine.
 *
 * @param name for the log
 * @param ioHandler what drives an event loop
 * @param tcp accepts TCP connections
 * @param unix accepts connections to a Unix socket
 * @param unixAddress makes the address of a Unix socket
 * @param adoption makes a channel of a socket that listens already; null if there is no way to
 */
record Transport(
        String name,
        IoHandlerFactory ioHandler,
        Class<? extends ServerChannel> tcp,
        Class<? extends ServerChannel> unix,
        Function<Path, SocketAddress> unixAddress,
        @Nullable Function<PassedSocket, ServerChannel> adoption) {

    /** Epoll where it is available, else NIO. */
    static Transport best() {
        if (Epoll.isAvailable()) {
            return epoll();
        }
        Throwable cause = Epoll.unavailabilityCause();
        return nio("NIO (epoll is not available: " + cause.getMessage() + ")");
    }

    static Transport epoll() {
        return new Transport(
                "epoll",
                LastingEpoll.newFactory(),
                EpollServerSocketChannel.class,
                EpollServerDomainSocketChannel.class,
                path -> new DomainSocketAddress(path.toString()),
                Transport::adopt);
    }

    static Transport nio(String name) {
        return new Transport(
                name,
                NioIoHandler.newFactory(),
                NioServerSocketChannel.class,
                NioServerDomainSocketChannel.class,
                UnixDomainSocketAddress::of,
                // The JDK takes no descriptor but that of standard input.
                null);
    }

    private static ServerChannel adopt(PassedSocket socket) {
        return switch (socket.address()) {
            case ListenAddress.Tcp _ -> new EpollServerSocketChannel(socket.descriptor());
            // Without an address that it knows, Netty leaves the file alone when it closes the socket.
            case ListenAddress.Unix _ -> new EpollServerDomainSocketChannel(socket.descriptor(), true);
        };
    }
}
