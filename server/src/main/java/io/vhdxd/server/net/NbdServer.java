package io.vhdxd.server.net;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.vhdxd.nbd.codec.Encryption;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.session.ByteBudget;
import io.vhdxd.server.session.IoPool;
import io.vhdxd.server.session.SessionLimits;
import io.vhdxd.server.session.SessionStarter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves exports on any number of addresses. */
public final class NbdServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.net");

    private static final int UMASK_PRIVATE = 0177;

    /** An idle client is asked for a sign of life; one whose machine has died is given up with the user timeout. */
    private static final int KEEPALIVE_PROBES = 3;

    /** A client that does not acknowledge what it is sent, or takes nothing of it, is given up after two minutes. */
    private static final int USER_TIMEOUT_MILLIS = 120_000;

    /**
     * What a Unix socket takes of replies before its client reads them, where the system allows that: all of a large one. With
     * less, server and client wake each other up several times for each. TCP finds its own size.
     */
    private static final int UNIX_SEND_BUFFER_BYTES = 1 << 20;

    private final ExportTable exports;
    private final Transport transport;
    private final EventLoopGroup loops;
    private final IoPool ioPool;
    private final ByteBudget budget;
    private final SessionStarter sessions;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final ConnectionTally tally = new ConnectionTally();
    private final ConnectionLimits limits;
    private final AddressCounts clientAddresses;
    private final List<Channel> listeners = new ArrayList<>();
    private final List<ListenAddress> addresses = new ArrayList<>();
    private final List<UnixSocketFile> socketFiles = new ArrayList<>();

    /**
     * What a server may use.
     *
     * @param loopCount threads that serve connections
     * @param ioThreadCount threads for reads and writes that have to wait for the device
     * @param connections how many connections there may be
     * @param bytesInFlight what all connections together may have under way beyond their allowances, at least 32 MiB
     * @param session what one connection may have under way
     */
    public record Settings(
            int loopCount,
            int ioThreadCount,
            ConnectionLimits connections,
            long bytesInFlight,
            SessionLimits session) {}

    public NbdServer(ExportTable exports, Settings settings) {
        this(exports, settings, Transport.best());
    }

    NbdServer(ExportTable exports, Settings settings, Transport transport) {
        this.exports = exports;
        this.transport = transport;
        loops = new MultiThreadIoEventLoopGroup(
                settings.loopCount, new DefaultThreadFactory("vhdxd-loop", true), transport.ioHandler());
        ioPool = new IoPool(settings.ioThreadCount);
        budget = new ByteBudget(settings.bytesInFlight);
        sessions = new SessionStarter(exports, settings.session, budget, ioPool, new SocketProbe());
        limits = settings.connections;
        clientAddresses = new AddressCounts(limits.perAddress());
        LOG.info(
                "transport {}, {} event loops, {} I/O threads, at most {} connections and {} MiB in flight",
                transport.name(),
                settings.loopCount,
                settings.ioThreadCount,
                settings.connections.total(),
                settings.bytesInFlight >> 20);
    }

    /** Listens on one more address, without TLS. */
    public ListenAddress listen(ListenAddress address) throws ListenException {
        return listen(address, Encryption.OFF);
    }

    /**
     * Listens on one more address.
     *
     * @return the address, with the port that was chosen if it had none
     */
    public ListenAddress listen(ListenAddress address, Encryption encryption) throws ListenException {
        ListenAddress bound = switch (address) {
            case ListenAddress.Tcp tcp -> listenTcp(tcp, encryption);
            case ListenAddress.Unix unix -> listenUnix(unix, encryption);
        };
        addresses.add(bound);
        LOG.info("listening on {}, TLS {}", bound, encryption.mode().text());
        return bound;
    }

    /**
     * Takes connections from a socket that listens already. It goes on listening when the server stops: what comes then is left
     * to the next server.
     *
     * @throws ListenException if the transport cannot do that
     */
    public void listen(PassedSocket socket, Encryption encryption) throws ListenException {
        Function<PassedSocket, ServerChannel> adoption = transport.adoption();
        if (adoption == null) {
            throw new ListenException(
                    socket.toString(), "only epoll can take it over, and the transport is " + transport.name());
        }
        ServerBootstrap bootstrap = switch (socket.address()) {
            case ListenAddress.Tcp _ -> tcpBootstrap(encryption);
            case ListenAddress.Unix _ -> unixBootstrap(encryption);
        };
        ChannelFuture registered = bootstrap
                .channelFactory(() -> adoption.apply(socket))
                .register()
                .awaitUninterruptibly();
        if (registered.cause() != null) {
            throw new ListenException(socket.toString(), reason(registered.cause()));
        }
        listeners.add(registered.channel());
        addresses.add(socket.address());
        LOG.info(
                "listening on {}, TLS {}, by {}",
                socket.address(),
                encryption.mode().text(),
                socket);
    }

    /** Where the server listens. */
    public List<ListenAddress> addresses() {
        return List.copyOf(addresses);
    }

    /** How sockets are used, and why if not in the best way. */
    public String transportName() {
        return transport.name();
    }

    public ServerState state() {
        return new ServerState(
                connections.size(),
                tally.acceptedCount(),
                tally.refusedCount(),
                budget.takenBytes(),
                budget.limitBytes(),
                budget.waiterCount(),
                ioPool.queueLength(),
                bufferBytes());
    }

    private static long bufferBytes() {
        return ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider measured
                ? measured.metric().usedDirectMemory()
                : 0;
    }

    /** How many connections are open. */
    public int connectionCount() {
        return connections.size();
    }

    private ListenAddress listenTcp(ListenAddress.Tcp address, Encryption encryption) throws ListenException {
        InetSocketAddress socketAddress = new InetSocketAddress(address.host(), address.port());
        if (socketAddress.isUnresolved()) {
            throw new ListenException(address, "unknown host");
        }
        ServerBootstrap bootstrap =
                tcpBootstrap(encryption).channel(transport.tcp()).option(ChannelOption.SO_REUSEADDR, true);
        Channel listener = bind(address, bootstrap, socketAddress);
        return new ListenAddress.Tcp(address.host(), ((InetSocketAddress) listener.localAddress()).getPort());
    }

    private ServerBootstrap tcpBootstrap(Encryption encryption) {
        ServerBootstrap bootstrap = bootstrap(encryption)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true);
        if (transport.tcp() == EpollServerSocketChannel.class) {
            bootstrap
                    .childOption(EpollChannelOption.TCP_KEEPIDLE, SocketProbe.KEEPALIVE_IDLE_SECONDS)
                    .childOption(EpollChannelOption.TCP_KEEPINTVL, SocketProbe.KEEPALIVE_INTERVAL_SECONDS)
                    .childOption(EpollChannelOption.TCP_KEEPCNT, KEEPALIVE_PROBES)
                    .childOption(EpollChannelOption.TCP_USER_TIMEOUT, USER_TIMEOUT_MILLIS);
        }
        return bootstrap;
    }

    private ServerBootstrap unixBootstrap(Encryption encryption) {
        return bootstrap(encryption).childOption(ChannelOption.SO_SNDBUF, UNIX_SEND_BUFFER_BYTES);
    }

    private ListenAddress listenUnix(ListenAddress.Unix address, Encryption encryption) throws ListenException {
        UnixSocketFile file = UnixSocketFile.prepare(address);
        int umaskBefore = Umask.set(UMASK_PRIVATE);
        try {
            bind(
                    address,
                    unixBootstrap(encryption).channel(transport.unix()),
                    transport.unixAddress().apply(file.bindPath()));
        } finally {
            Umask.set(umaskBefore);
        }
        file.publish();
        socketFiles.add(file);
        return address;
    }

    private ServerBootstrap bootstrap(Encryption encryption) {
        return new ServerBootstrap()
                .group(loops)
                .childHandler(new ConnectionInitializer(
                        limits, clientAddresses, connections, tally, exports, sessions, encryption))
                // A client that sends no more may still wait for replies.
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    }

    private Channel bind(ListenAddress address, ServerBootstrap bootstrap, SocketAddress socketAddress)
            throws ListenException {
        ChannelFuture bound = bootstrap.bind(socketAddress).awaitUninterruptibly();
        Throwable cause = bound.cause();
        if (cause != null) {
            throw new ListenException(address, reason(cause), cause);
        }
        listeners.add(bound.channel());
        return bound.channel();
    }

    /** The system's words, without Netty's around them. */
    private static String reason(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        return message.substring(message.lastIndexOf(": ") + 1).strip();
    }

    /**
     * Takes no more connections, lets every client finish what it has begun, and closes the connections. Clients that come
     * back to the next server repeat what was not answered.
     *
     * @param timeoutMillis how long that may take
     * @return whether everything was finished; if not, something may still use the images
     */
    public boolean drain(long timeoutMillis) throws InterruptedException {
        // First: who comes to a socket that was passed from now on is left to the next server.
        stopListening();
        exports.shutDown();
        sessions.drain();
        boolean drained = sessions.awaitEnd(timeoutMillis);
        if (!drained) {
            LOG.warn("{} connections did not finish within {} ms", sessions.sessionCount(), timeoutMillis);
        }
        return drained;
    }

    /**
     * Closes all connections, whatever they wait for. What was not begun is dropped.
     *
     * @return whether nothing uses the images any more
     */
    public boolean disconnect(long timeoutMillis) throws InterruptedException {
        var _ = connections.close();
        return sessions.awaitEnd(timeoutMillis);
    }

    /** Closes all connections at once; a {@link #drain} that is running ends early. Any thread. */
    public void hurry() {
        var _ = connections.close();
    }

    private void stopListening() {
        for (UnixSocketFile file : socketFiles) {
            try {
                file.remove();
            } catch (IOException e) {
                LOG.warn("the file of a Unix socket cannot be removed: {}", e.toString());
            }
        }
        socketFiles.clear();
        listeners.forEach(listener -> listener.close().awaitUninterruptibly());
        listeners.clear();
    }

    /** Ends everything that is left. */
    @Override
    public void close() {
        stopListening();
        connections.close().awaitUninterruptibly();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        ioPool.close();
    }
}
