package io.vhdxd.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.vhdxd.nbd.codec.HandshakeHandler;
import io.vhdxd.nbd.codec.TransmissionStarter;
import io.vhdxd.nbd.handshake.ExportDirectory;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives a new connection its pipeline, as long as there are not too many of them. */
final class ConnectionInitializer extends ChannelInitializer<Channel> {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.net");

    /** How long a client may take to choose an export. */
    private static final long HANDSHAKE_MILLIS = 20_000;

    private final int connectionsMax;
    private final ChannelGroup connections;
    private final ExportDirectory exports;
    private final TransmissionStarter starter;

    /** Whether the log has been told that there are too many; it need not hear of each. */
    private final AtomicBoolean full = new AtomicBoolean();

    /** @param connections holds all connections that are open */
    ConnectionInitializer(
            int connectionsMax, ChannelGroup connections, ExportDirectory exports, TransmissionStarter starter) {
        this.connectionsMax = connectionsMax;
        this.connections = connections;
        this.exports = exports;
        this.starter = starter;
    }

    @Override
    public boolean isSharable() {
        return true;
    }

    @Override
    protected void initChannel(Channel channel) {
        if (connections.size() >= connectionsMax) {
            if (full.compareAndSet(false, true)) {
                LOG.warn("there are {} connections; no more are accepted until some are closed", connectionsMax);
            }
            var _ = channel.close();
            return;
        }
        full.set(false);
        connections.add(channel);
        channel.pipeline().addLast(new HandshakeHandler(exports, starter, HANDSHAKE_MILLIS));
    }
}
