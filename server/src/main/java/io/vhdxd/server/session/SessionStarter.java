package io.vhdxd.server.session;

import io.netty.channel.Channel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.codec.ReceiveMemory;
import io.vhdxd.nbd.codec.RequestHandler;
import io.vhdxd.nbd.codec.TransmissionStarter;
import io.vhdxd.nbd.handshake.OptionRefusedException;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import java.io.IOException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/** Makes the sessions of a server, and ends them. Thread-safe. */
public final class SessionStarter implements TransmissionStarter {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.session");

    /** Large buffers for 256 busy connections. */
    private static final long RECEIVE_BYTES = 32L << 20;

    private final ExportTable exports;
    private final SharedResources shared;

    public SessionStarter(
            ExportTable exports, SessionLimits limits, ByteBudget budget, IoPool ioPool, ClientProbe clientProbe) {
        this.exports = exports;
        this.shared = new SharedResources(
                limits, budget, new ReceiveMemory(RECEIVE_BYTES), ioPool, new Sessions(), clientProbe);
    }

    /** Lets the connection in when no change of a client that is gone can come after its own any more (promise R2). */
    @Override
    public Future<RequestHandler> start(Channel channel, NegotiatedSession negotiated) {
        Promise<RequestHandler> handler = channel.eventLoop().newPromise();
        if (exports.isShuttingDown()) {
            return handler.setFailure(
                    new OptionRefusedException(OptionReplyType.SHUTDOWN, "The server is shutting down."));
        }
        Export export = exports.of(negotiated.export());
        if (!export.leftovers().isNone()) {
            LOG.atInfo()
                    .addKeyValue("connection", channel.id().asShortText())
                    .log("waits until the requests of connections that are gone are done");
        }
        export.settle(() -> channel.eventLoop()
                .execute(() -> handler.setSuccess(new Session(channel, negotiated, export, shared))));
        return handler;
    }

    @Override
    public void handshakeEnded(Channel channel, String reason, @Nullable Throwable cause) {
        if (cause instanceof SSLException) {
            // Certificates that are wrong or missing show themselves here, on one of the two sides.
            line(Level.INFO, channel).log(reason);
        } else if (cause == null || cause instanceof IOException) {
            line(Level.DEBUG, channel).log(reason);
        } else {
            line(Level.ERROR, channel).setCause(cause).log("an error in the server itself");
        }
    }

    private static LoggingEventBuilder line(Level level, Channel channel) {
        return LOG.atLevel(level)
                .addKeyValue("connection", channel.id().asShortText())
                .addKeyValue("client", channel.remoteAddress());
    }

    /** Lets every session finish the requests that have come, and then close its connection. */
    public void drain() {
        shared.sessions().drain();
    }

    /** Closes the connections of all sessions. */
    public void close() {
        shared.sessions().close();
    }

    /**
     * Waits until all sessions are over, which also means that nothing uses the images any more.
     *
     * @return whether they are
     */
    public boolean awaitEnd(long timeoutMillis) throws InterruptedException {
        return shared.sessions().awaitNone(timeoutMillis);
    }

    public int sessionCount() {
        return shared.sessions().count();
    }
}
