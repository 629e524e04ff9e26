package io.vhdxd.server.session;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.TimeUnit;

/** The end of a connection, after its last reply has left. */
final class HangUp {
    /** How long a client that was not asked may take to close its side, before the connection is closed. */
    private static final long LINGER_MILLIS = 2_000;

    private HangUp() {}

    /**
     * Closes a connection so that its last replies arrive. Under TLS the client is told that this is the end, so that it can
     * tell it from one that somebody else has made (nbd.md TLS-10).
     *
     * @param lingers whether the client, not knowing of the end, may still be sending. Closed with bytes of the client unread,
     *     the connection would be reset, and the last replies lost
     */
    static void of(Channel channel, boolean lingers) {
        if (!lingers || !(channel instanceof DuplexChannel duplex)) {
            close(channel);
            return;
        }
        // The channel closes itself when the client has closed its side.
        channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        SslHandler ssl = channel.pipeline().get(SslHandler.class);
        if (ssl == null) {
            var _ = duplex.shutdownOutput();
        } else {
            var _ = ssl.closeOutbound().addListener(told -> {
                var _ = duplex.shutdownOutput();
            });
        }
        var _ = channel.eventLoop().schedule(() -> close(channel), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static void close(Channel channel) {
        var _ = channel.close();
    }
}
