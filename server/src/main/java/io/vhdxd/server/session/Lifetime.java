package io.vhdxd.server.session;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.vhdxd.nbd.codec.RequestDecoder;
import io.vhdxd.server.export.Export;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How far a session has come, and how it ends. Everything on its event loop, unless a method says otherwise.
 *
 * <p>It is {@link Phase#OPEN} while requests may come; {@link Phase#DRAINING} when those that come are refused, because the
 * server shuts down; {@link Phase#ENDING} when none will come, but replies are still to be sent; {@link Phase#GONE} when
 * nothing can be sent any more. It is over when it is gone and the last of its operations is complete.
 */
final class Lifetime implements Export.Attachment, Examinations.Subject {
    private final Channel channel;
    private final Export export;
    private final Sessions sessions;
    private final SessionLog log;
    private final Admission admission;
    private final ReplyStream replies;
    private final Examinations examinations;

    private Phase phase = Phase.OPEN;

    /** Whether the client, not knowing of the end, may still be sending. */
    private boolean lingers;

    /** Read by other threads: nobody waits for the requests of this connection any more. */
    private volatile boolean abandoned;

    private @Nullable RequestDecoder decoder;
    private final UnderWay underWay = UnderWay.ofThisLoop();
    private int operationCount;
    private int changeCount;

    private enum Phase {
        OPEN,
        DRAINING,
        ENDING,
        GONE
    }

    Lifetime(
            Channel channel,
            Export export,
            SharedResources server,
            SessionLog log,
            Admission admission,
            ReplyStream replies) {
        this.channel = channel;
        this.export = export;
        this.sessions = server.sessions();
        this.log = log;
        this.admission = admission;
        this.replies = replies;
        this.examinations = new Examinations(channel, server.clientProbe(), replies, this);
    }

    void begin(RequestDecoder started) {
        decoder = started;
        export.attach(this);
        sessions.add(this);
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    boolean isDraining() {
        return phase == Phase.DRAINING;
    }

    boolean isGone() {
        return phase == Phase.GONE;
    }

    /** Whether the client may send requests, and with them changes. */
    boolean takesRequests() {
        return phase == Phase.OPEN || phase == Phase.DRAINING;
    }

    /** Any thread. */
    boolean isAbandoned() {
        return abandoned;
    }

    void operationBegun(boolean isChange) {
        operationCount++;
        underWay.begun();
        if (isChange) {
            changeCount++;
        }
    }

    void operationDone(boolean isChange) {
        operationCount--;
        underWay.done();
        if (isChange) {
            changeCount--;
            if (!takesRequests()) {
                export.leftovers().oneDone();
            }
        }
    }

    /** No request comes any more; those that have come are finished. */
    void end(String reason) {
        if (!takesRequests()) {
            return;
        }
        log.ending(reason);
        phase = Phase.ENDING;
        export.leftovers().add(changeCount);
        admission.close();
        examinations.end();
        hangUpIfDone();
    }

    void hangUpIfDone() {
        if (operationCount > 0) {
            return;
        }
        if (phase == Phase.DRAINING) {
            Objects.requireNonNull(decoder).stop();
            phase = Phase.ENDING;
            lingers = true;
        }
        if (phase == Phase.ENDING) {
            replies.flush();
            // Everything written before this has left when it has.
            var _ = channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(future -> HangUp.of(channel, lingers));
        }
    }

    /**
     * Finishes what was begun, and then closes the connection. Until then, what else the client sends or has sent is
     * refused, so that it may come back and repeat it. Any thread.
     */
    void drain() {
        channel.eventLoop().execute(() -> {
            if (phase == Phase.OPEN) {
                log.ending("the server is shutting down");
                phase = Phase.DRAINING;
                admission.close();
                Objects.requireNonNull(decoder).skipPayloads();
                replies.flush();
                if (phase == Phase.DRAINING) {
                    hangUpIfDone();
                }
            }
        });
    }

    /** Any thread. */
    void close() {
        var _ = channel.close();
    }

    @Override
    public void dropIfClientGone(Runnable looked, Runnable examined) {
        Runnable look = () -> {
            if (takesRequests()) {
                examinations.begin(examined);
            } else {
                examined.run();
            }
            looked.run();
        };
        EventLoop loop = channel.eventLoop();
        if (loop.inEventLoop()) {
            // Not at once, so that a loop which looks at all of its connections turns to their requests in between.
            var _ = loop.schedule(look, 0, TimeUnit.MILLISECONDS);
        } else {
            loop.execute(look);
        }
    }

    @Override
    public boolean hasOperations() {
        return operationCount > 0;
    }

    @Override
    public boolean mayChange() {
        return changeCount > 0 || Objects.requireNonNull(decoder).isWithinRequest();
    }

    @Override
    public void drop(String reason) {
        log.ending(reason);
        becomeGone();
        close();
    }

    /** Nobody waits for replies any more: what was not begun is dropped, the rest is left over. */
    void becomeGone() {
        abandoned = true;
        if (takesRequests()) {
            export.leftovers().add(changeCount);
        }
        phase = Phase.GONE;
        admission.close();
        replies.flush();
        examinations.end();
    }

    /** Takes leave of the export and of the server, if nothing of the session is left. */
    void leaveIfOver() {
        if (phase == Phase.GONE && operationCount == 0 && !channel.isOpen()) {
            export.detach(this);
            sessions.remove(this);
        }
    }
}
