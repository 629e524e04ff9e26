package io.vhdxd.server.session;

import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether the client of a connection is there, for those who must not overtake what a client that is gone has sent
 * (promise R2). Everything on the event loop.
 *
 * <p>The end of a TCP stream is behind its last byte. A client may be gone, and its kernel still be sending what it had
 * queued, as fast as the server takes it. So as long as a connection has something under way, and bytes keep coming, nobody
 * can tell; those who ask have to wait until it is quiet, or over. What it has sent is carried out in the meantime, and so
 * before anything of theirs.
 */
final class Examination {
    /** More than the kernel of a client that is gone can still have to send, by far. */
    static final long BYTES_MAX = 16 << 20;

    /** After so many looks at a client that keeps sending little by little, it counts as present. */
    private static final int LOOKS_MAX = 100;

    private static final long LOOK_MILLIS = 20;

    private final Subject subject;
    private final EventLoop loop;
    private final List<Runnable> waiting = new ArrayList<>();

    private long bytesAtBegin;
    private long bytesAtLook;
    private int looks;

    /** What is examined. */
    interface Subject {
        /** Whether requests may still come from it; drops it if its client has closed its side. */
        boolean takesRequests();

        /** Whether nothing is under way. */
        boolean isIdle();

        /** Whether it is not read from, so that nobody knows what it has sent. */
        boolean isPaused();

        long receivedBytes();
    }

    Examination(Subject subject, EventLoop loop) {
        this.subject = subject;
        this.loop = loop;
    }

    /** @param examined is run when the client is known to be present, or requests come from it no more */
    void begin(Runnable examined) {
        if (!subject.takesRequests() || (subject.isIdle() && waiting.isEmpty())) {
            examined.run();
            return;
        }
        waiting.add(examined);
        if (waiting.size() == 1) {
            looks = 0;
            bytesAtBegin = subject.receivedBytes();
            bytesAtLook = bytesAtBegin;
            lookLater();
        }
    }

    private void lookLater() {
        var _ = loop.schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (!subject.takesRequests() || isPresent()) {
            List<Runnable> released = List.copyOf(waiting);
            waiting.clear();
            released.forEach(Runnable::run);
        } else {
            lookLater();
        }
    }

    private boolean isPresent() {
        long bytes = subject.receivedBytes();
        boolean quiet = bytes == bytesAtLook;
        bytesAtLook = bytes;
        if (subject.isPaused()) {
            return false;
        }
        looks++;
        return quiet || looks >= LOOKS_MAX || bytes - bytesAtBegin > BYTES_MAX;
    }
}
