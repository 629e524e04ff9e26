package io.vhdxd.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.vhdxd.nbd.codec.HandshakeHandler;
import io.vhdxd.nbd.codec.TransmissionStarter;
import io.vhdxd.nbd.handshake.ExportDirectory;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives a new connection its pipeline, as long as there are not too many of them. */
final class ConnectionInitializer extends ChannelInitializer<Channel> {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.net");

    private final ConnectionLimits limits;
    private final AddressCounts addresses;
    private final ChannelGroup connections;
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final ExportDirectory exports;
    private final TransmissionStarter starter;

    /** Whether the log has been told that there are too many; it need not hear of each. */
    private final AtomicBoolean full = new AtomicBoolean();

    /** @param connections holds all connections that are open */
    ConnectionInitializer(
            ConnectionLimits limits, ChannelGroup connections, ExportDirectory exports, TransmissionStarter starter) {
        this.limits = limits;
        this.addresses = new AddressCounts(limits.perAddress());
        this.connections = connections;
        this.exports = exports;
        this.starter = starter;
    }

    /** How many connections were let in so far. */
    long acceptedCount() {
        return accepted.sum();
    }

    /** How many connections were one too many. */
    long refusedCount() {
        return refused.sum();
    }

    @Override
    public boolean isSharable() {
        return true;
    }

    @Override
    protected void initChannel(Channel channel) {
        if (connections.size() >= limits.total()) {
            refuse(channel, "there are " + limits.total() + " connections");
            return;
        }
        SocketAddress client = channel.remoteAddress();
        if (!addresses.tryAdd(client)) {
            refuse(channel, "there are " + limits.perAddress() + " connections from " + client);
            return;
        }
        channel.closeFuture().addListener(closed -> addresses.remove(client));
        full.set(false);
        connections.add(channel);
        accepted.increment();
        channel.pipeline().addLast(new HandshakeHandler(exports, starter, limits.handshakeMillis()));
    }

    private void refuse(Channel channel, String reason) {
        refused.increment();
        if (full.compareAndSet(false, true)) {
            LOG.warn("{}; no more are accepted until some are closed", reason);
        }
        var _ = channel.close();
    }
}
