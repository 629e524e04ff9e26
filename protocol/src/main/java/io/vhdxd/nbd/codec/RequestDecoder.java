package io.vhdxd.nbd.codec;

import io.netty.channel.ChannelInboundHandlerAdapter;

/** Stub. */
public final class RequestDecoder extends ChannelInboundHandlerAdapter {
    RequestDecoder() {}

    /** Goes on after {@link RequestHandler#tryAdmit} has answered no. Must be called on the event loop. */
    public void resume() {
        // Stub.
    }

    /** Delivers no more requests, and throws away what else the client sends. Must be called on the event loop. */
    public void stop() {
        // Stub.
    }
}
