package io.vhdxd.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.vhdxd.nbd.codec.Encryption;
import io.vhdxd.nbd.codec.HandshakeHandler;
import io.vhdxd.nbd.codec.TransmissionStarter;
import io.vhdxd.nbd.handshake.ExportDirectory;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives a new connection its pipeline, as long as there are not too many of them. */
final class ConnectionInitializer extends ChannelInitializer<Channel> {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.net");

    private final ConnectionLimits limits;
    private final AddressCounts addresses;
    private final ChannelGroup connections;
    private final ConnectionTally tally;
    private final ExportDirectory exports;
    private final TransmissionStarter starter;
    private final Encryption encryption;

    /** Whether the log has been told that there are too many; it need not hear of each. */
    private final AtomicBoolean full = new AtomicBoolean();

    /**
     * @param addresses where all connections that are open come from
     * @param connections all connections that are open
     */
    ConnectionInitializer(
            ConnectionLimits limits,
            AddressCounts addresses,
            ChannelGroup connections,
            ConnectionTally tally,
            ExportDirectory exports,
            TransmissionStarter starter,
            Encryption encryption) {
        this.limits = limits;
        this.addresses = addresses;
        this.connections = connections;
        this.tally = tally;
        this.exports = exports;
        this.starter = starter;
        this.encryption = encryption;
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
        tally.accepted();
        channel.pipeline().addLast(new HandshakeHandler(exports, starter, encryption, limits.handshakeMillis()));
    }

    private void refuse(Channel channel, String reason) {
        tally.refused();
        if (full.compareAndSet(false, true)) {
            LOG.warn("{}; no more are accepted until some are closed", reason);
        }
        var _ = channel.close();
    }
}
