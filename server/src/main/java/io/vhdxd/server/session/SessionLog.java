package io.vhdxd.server.session;

import io.netty.channel.Channel;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.Refusal;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.codec.ProtocolViolationException;
import io.vhdxd.server.export.Export;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/** What the log hears of one connection: each line names it. A client cannot fill the disk with its faults. Thread-safe. */
final class SessionLog {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.session");

    /** Lines about failed requests that one connection may cause. */
    private static final int FAULTS_MAX = 20;

    private final String exportName;
    private final String id;
    private final SocketAddress client;
    private final AtomicInteger faults = new AtomicInteger();

    SessionLog(Channel channel, Export export) {
        exportName = export.name();
        id = channel.id().asShortText();
        client = channel.remoteAddress();
    }

    void started(NegotiatedSession negotiated) {
        line(Level.INFO)
                .log(
                        "started by {} ({} replies, {} metadata contexts)",
                        client,
                        negotiated.mode().name().toLowerCase(Locale.ROOT),
                        negotiated.metaContexts().size());
    }

    void ending(String reason) {
        line(Level.INFO).log(reason);
    }

    void closed() {
        line(Level.DEBUG).log("closed");
    }

    /** The connection cannot go on. */
    void failed(Throwable cause) {
        if (cause instanceof ProtocolViolationException || cause instanceof IOException) {
            line(Level.INFO).log("{}", cause.getMessage());
        } else {
            line(Level.ERROR).setCause(cause).log("closed after an error in the server itself");
        }
    }

    /** A request was answered. It is nothing for the log; the Flight Recorder hears of slow ones. */
    void answered(Request request, long nanos) {
        SlowRequestEvent.tellIfSlow(exportName, id, request, nanos);
    }

    /** The client asked for something that it must not. */
    void refused(Request request, Refusal refusal) {
        if (mayTell()) {
            line(Level.INFO).log("{} refused: {}", describe(request), refusal.text());
        }
    }

    void failed(Request request, IOException cause) {
        if (mayTell()) {
            line(Level.WARN).log("{} failed: {}", describe(request), cause.toString());
        }
    }

    void internalError(Request request, Throwable cause) {
        if (mayTell()) {
            line(Level.ERROR).setCause(cause).log("{} failed in the server itself", describe(request));
        }
    }

    private LoggingEventBuilder line(Level level) {
        return LOG.atLevel(level).addKeyValue("connection", id).addKeyValue("export", exportName);
    }

    private boolean mayTell() {
        int fault = faults.incrementAndGet();
        if (fault == FAULTS_MAX) {
            line(Level.WARN).log("further failures of its requests are not logged");
        }
        return fault < FAULTS_MAX;
    }

    private static String describe(Request request) {
        return Command.nameOf(request.command()) + " of " + Long.toUnsignedString(request.lengthBytes()) + " bytes at "
                + Long.toUnsignedString(request.offsetBytes());
    }
}
