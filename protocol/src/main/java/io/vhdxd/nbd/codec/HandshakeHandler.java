package io.vhdxd.nbd.codec;

import io.netty.channel.ChannelInboundHandlerAdapter;
import io.vhdxd.nbd.handshake.ExportDirectory;

/** Stub. */
public final class HandshakeHandler extends ChannelInboundHandlerAdapter {
    /** @param timeoutMillis how long a client may take until it has chosen an export */
    public HandshakeHandler(ExportDirectory exports, TransmissionStarter starter, long timeoutMillis) {}
}
