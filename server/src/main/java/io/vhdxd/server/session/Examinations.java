package io.vhdxd.server.session;

import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Finds out whether a client is still there, when something that it sent has not been read or not been carried out (promise
 * R2). Another client may have taken its place, and must not begin before that is done, or is known never to be.
 *
 * <p>If the end of the client's process could not be hidden, it is only its machine that may be gone: then any sign of life
 * of its system decides. If it may be hidden behind unread bytes, the next reply does: the system of a process that is gone
 * answers it with a reset; if it is acknowledged, the client was there after the other one came. All on the event loop.
 */
final class Examinations {
    private static final long POLL_MILLIS = 5;
    /** A client that has nothing under way gets no reply; what it sent before its end has come after this time. */
    private static final int QUIET_POLLS = 40;
    /**
     * After 10 seconds without a sign, a client counts as gone: its system acknowledges nothing, or no reply where that is
     * what counts, or nothing of it can be begun because it waits for memory.
     */
    private static final int SIGNLESS_POLLS = 2000;

    private final Channel channel;
    private final ClientProbe probe;
    private final ReplyStream replies;
    private final Subject subject;
    private final List<Examination> running = new ArrayList<>();

    /** The connection that is examined. */
    interface Subject {
        /** Whether there are requests that have not been answered. */
        boolean hasOperations();

        /** Whether something that was received of the client may still change the image. */
        boolean mayChange();

        /** Ends the connection; what was not begun is dropped. */
        void drop(String reason);
    }

    private static final class Examination {
        final Runnable examined;

        /** Whether the client may have been gone already without the system's knowing. */
        final boolean endMayBeHidden;

        final long writtenBytes;
        int polls;
        int quietPolls;
        int signlessPolls;

        Examination(Runnable examined, boolean endMayBeHidden, long writtenBytes) {
            this.examined = examined;
            this.endMayBeHidden = endMayBeHidden;
            this.writtenBytes = writtenBytes;
        }
    }

    Examinations(Channel channel, ClientProbe probe, ReplyStream replies, Subject subject) {
        this.channel = channel;
        this.probe = probe;
        this.replies = replies;
        this.subject = subject;
    }

    /** @param examined is run when the client has been there after this call, or the connection was ended */
    void begin(Runnable examined) {
        if (!subject.mayChange() && probe.isQuiet(channel)) {
            examined.run();
            return;
        }
        if (probe.isGone(channel)) {
            subject.drop("the client is gone");
            examined.run();
            return;
        }
        boolean endMayBeHidden = probe.mayHideEnd(channel);
        if (!endMayBeHidden && probe.isHeard(channel, 0)) {
            examined.run();
            return;
        }
        replies.flush();
        running.add(new Examination(examined, endMayBeHidden, replies.writtenBytes()));
        if (running.size() == 1) {
            probe.askOften(channel, true);
            pollLater();
        }
    }

    /** Nothing comes from the client any more: there is nothing left to be found out. */
    void end() {
        if (running.isEmpty()) {
            return;
        }
        probe.askOften(channel, false);
        List<Examination> ended = List.copyOf(running);
        running.clear();
        ended.forEach(examination -> examination.examined.run());
    }

    private void pollLater() {
        var _ = channel.eventLoop().schedule(this::poll, POLL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void poll() {
        if (running.isEmpty()) {
            return;
        }
        if (probe.isGone(channel)) {
            subject.drop("the client is gone");
        } else if (running.stream().anyMatch(this::isSignlessTooLong)) {
            subject.drop("the client gave no sign that it is still there, and another client waits");
        }
        List<Examination> done = running.stream().filter(this::isDone).toList();
        if (!done.isEmpty() && done.size() == running.size()) {
            end();
            return;
        }
        running.removeAll(done);
        done.forEach(examination -> examination.examined.run());
        if (!running.isEmpty()) {
            pollLater();
        }
    }

    private boolean isSignlessTooLong(Examination examination) {
        // What is under way may take as long as the disk takes; its reply will tell.
        boolean due = !examination.endMayBeHidden
                || replies.leftBytes() > examination.writtenBytes
                || !subject.hasOperations();
        examination.signlessPolls = due ? examination.signlessPolls + 1 : 0;
        return examination.signlessPolls > SIGNLESS_POLLS;
    }

    private boolean isDone(Examination examination) {
        examination.polls++;
        if (!examination.endMayBeHidden) {
            return probe.isHeard(channel, examination.polls * POLL_MILLIS);
        }
        boolean quiet = !subject.hasOperations() && !probe.mayHideEnd(channel);
        examination.quietPolls = quiet ? examination.quietPolls + 1 : 0;
        long acknowledgedBytes = replies.leftBytes() - probe.unacknowledgedBytes(channel);
        return acknowledgedBytes > examination.writtenBytes || examination.quietPolls > QUIET_POLLS;
    }
}
