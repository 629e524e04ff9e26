package io.vhdxd.nbd.codec;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.handshake.OptionRefusedException;
import org.jspecify.annotations.Nullable;

/** What a server does when a handshake ends. Called on the channel's event loop: it must not block. */
public interface TransmissionStarter {
    /**
     * A client wants to enter the transmission phase. It is told so, and its requests are decoded, when the future
     * succeeds; until then nothing is read from it. A server takes its time here if requests of earlier connections are
     * still under way that must not come after those of this one. The future may be completed on any thread.
     *
     * <p>If the future fails with a {@link OptionRefusedException}, the client gets its message; if it fails with
     * anything else, only that the server could not do it. The client may then go on with other options, and choose again.
     *
     * <p>If the connection ends before the future succeeds, the request handler is only told
     * {@link RequestHandler#onClosed}.
     */
    Future<RequestHandler> start(Channel channel, NegotiatedSession session);

    /**
     * The connection ended without a request handler having been provided for it. That is nothing unusual: clients look
     * around, and leave.
     *
     * @param reason one sentence for the log
     * @param cause what was thrown, if that was the reason
     */
    void handshakeEnded(Channel channel, String reason, @Nullable Throwable cause);
}
