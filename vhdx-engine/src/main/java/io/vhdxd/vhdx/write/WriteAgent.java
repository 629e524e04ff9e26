package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.diagnosis.UnreadableException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.measure.CommitEvent;
import io.vhdxd.vhdx.request.AbandonedException;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.RequestQueue;
import io.vhdxd.vhdx.request.ZeroNotFastException;
import io.vhdxd.vhdx.storage.NoSpaceException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The single writer of an image, as a duty cycle: {@link #doWork} is called again and again by one thread, and does what
 * there is to do without waiting for a sync. The package page tells the way of a request through it.
 *
 * <p>An operation is at any time in exactly one place: {@code ready} (to be carried out), {@code stalled} (there was no
 * space for one of its blocks), {@code current} (being carried out), {@code inBatch} (to be answered with the log entry), {@code
 * exposing} (written, to be answered when all of it is shown: see {@link Exposures}), {@code growing} (a growth of the disk, which all others wait for), or in the {@link Rounds} (complete but for a sync).
 */
final class WriteAgent {
    private final RequestQueue requests;
    private final ImageHealth health;
    private final ImageSession session;
    private final LogWriter log;
    private final Batch batch;
    private final SpaceAllocator allocator;
    private final Rounds rounds;
    private final Growth growth;
    private final Exposures exposures;
    /** Null if the disk has no parent. */
    private final @Nullable SectorBitmaps bitmaps;

    private final WriterGauges gauges;
    private final int blockSizeMib;

    private final ArrayDeque<Operation> ready = new ArrayDeque<>();
    private final ArrayDeque<Operation> stalled = new ArrayDeque<>();
    private final ArrayDeque<Operation> inBatch = new ArrayDeque<>();
    private final Set<Operation> exposing = new LinkedHashSet<>();
    private @Nullable Operation current;
    private @Nullable GrowOperation growing;
    private long absentBlockCount;
    private volatile boolean closeRequested;
    private boolean closed;

    /**
     * Puts a writer together.
     *
     * @param absentBlockCount blocks of the disk that have no space in the file
     */
    WriteAgent(
            RequestQueue requests,
            ImageHealth health,
            ImageSession session,
            LogWriter log,
            Batch batch,
            SpaceAllocator allocator,
            Rounds rounds,
            Growth growth,
            Exposures exposures,
            @Nullable SectorBitmaps bitmaps,
            WriterGauges gauges,
            long absentBlockCount) {
        this.requests = requests;
        this.health = health;
        this.session = session;
        this.log = log;
        this.batch = batch;
        this.allocator = allocator;
        this.rounds = rounds;
        this.growth = growth;
        this.exposures = exposures;
        this.bitmaps = bitmaps;
        this.gauges = gauges;
        this.blockSizeMib = batch.disk().geometry().blockSizeMib();
        this.absentBlockCount = absentBlockCount;
    }

    /**
     * Does what there is to do.
     *
     * @return 0 if there was nothing: the caller may sleep for {@link #sleepNanos}, or until it is woken because a request
     *     was put into the queue, a round is done, or the close was requested
     */
    int doWork() {
        if (closed) {
            return 0;
        }
        gauges.turnBegins();
        try {
            return turn();
        } finally {
            setGauges();
            gauges.turnEnds();
        }
    }

    private int turn() {
        // Read once: what the end of the queue was decided on has to be what the close is decided on.
        boolean closing = closeRequested;
        int work = takeRequests(closing);
        if (rounds.finish()) {
            work++;
            if (bitmaps != null) {
                bitmaps.forgetInPlace(log::isPending);
            }
            resumeStalled();
        }
        if (!health.hasFailed()) {
            work += runBatch(growing == null ? ready.size() : 0, closing);
        }
        if (growing != null && !health.hasFailed()) {
            work += advanceGrowth(growing);
        }
        if (!health.hasFailed()) {
            work += advanceBackground(closing);
        }
        if (health.hasFailed()) {
            work += failAll();
        }
        if (closing && isIdle()) {
            close();
            work++;
        }
        return work;
    }

    private void setGauges() {
        int unfinished = ready.size() + stalled.size() + exposing.size() + (growing == null ? 0 : 1);
        gauges.setRequests(unfinished + rounds.waitingCount());
        gauges.setLog(log);
        gauges.setSpace(batch.disk().geometry().blockCount() - absentBlockCount, allocator.fileEndMib() * Geometry.MIB);
    }

    /** Whether operations wait for nothing but their turn, or for a round that is running. */
    boolean hasReady() {
        return !ready.isEmpty();
    }

    /** How long the caller of {@link #doWork} may sleep unless it is woken; {@link Long#MAX_VALUE} if for ever. */
    long sleepNanos() {
        return health.hasFailed() ? Long.MAX_VALUE : rounds.sleepNanos();
    }

    /**
     * Asks for the end: what was put into the queue is carried out, everything is made durable and brought to its place, and
     * the headers say that there is no log to replay. The queue takes no more requests from then on. Any thread.
     */
    void requestClose() {
        closeRequested = true;
    }

    boolean isClosed() {
        return closed;
    }

    /** Gives the image up after an error that nobody expected; to be called in place of the {@link #doWork} that threw. */
    void crashed(Throwable error) {
        health.fail(error);
    }

    private int takeRequests(boolean closing) {
        int count = 0;
        ImageRequest request = closing ? requests.close() : requests.takeAll();
        while (request != null) {
            ImageRequest following = RequestQueue.next(request);
            ready.addLast(Operation.of(request));
            count++;
            request = following;
        }
        return count;
    }

    /** Lets operations that had no space try again, or fails them if there is none to be had. */
    private void resumeStalled() {
        NoSpaceException noSpace = rounds.lastNoSpace();
        if (noSpace != null && allocator.isEmpty()) {
            completeAll(stalled, noSpace);
        }
        while (!stalled.isEmpty()) {
            ready.addFirst(stalled.removeLast());
        }
    }

    private int runBatch(int operationCount, boolean closing) {
        batch.begin(log.nextEntryPages());
        int work = batch.stageDurable();
        // What could not be staged of that goes first, so that others do not take the room from it again and again.
        if (exposures.firstReady() == null) {
            work += advanceReady(operationCount);
            if (batch.hasStaged() && ready.isEmpty() && growing == null && !health.hasFailed()) {
                // What has come meanwhile shares the log entry.
                work += advanceReady(takeRequests(closing));
            }
        }
        if (!health.hasFailed()) {
            commit();
        }
        return work;
    }

    /** Carries on the first operations that are ready, up to one that lets the disk grow. */
    private int advanceReady(int operationCount) {
        int work = 0;
        for (int count = operationCount; count > 0 && !health.hasFailed(); count--) {
            Operation operation = ready.removeFirst();
            if (operation instanceof GrowOperation growOperation) {
                growing = growOperation;
                return work + 1;
            }
            current = operation;
            work += advance(operation) ? 1 : 0;
            current = null;
        }
        return work;
    }

    /** Carries one operation on; returns whether anything came of it. */
    private boolean advance(Operation operation) {
        long positionBefore = operation.positionBytes();
        try {
            if (!session.isStarted() && operation.changesImage(batch)) {
                if (rounds.isRunning()) {
                    ready.addLast(operation);
                    return false;
                }
                session.start(neededMib());
            }
            switch (operation.advance(batch)) {
                case DONE -> inBatch.addLast(operation);
                case UNFINISHED -> ready.addLast(operation);
                case OUT_OF_STOCK -> stalled.addLast(operation);
            }
        } catch (AbandonedException | NoSpaceException | UnreadableException | ZeroNotFastException e) {
            // Part of it may be staged: it must not be answered before that is published.
            operation.fail(e);
            inBatch.addLast(operation);
            return true;
        } catch (IOException e) {
            health.fail(e);
            ready.addFirst(operation);
            return true;
        }
        return operation.isDone() || operation.positionBytes() != positionBefore;
    }

    /** Lets the disk grow as soon as everything is shown and in its place; returns whether anything came of it. */
    private int advanceGrowth(GrowOperation operation) {
        if (rounds.isRunning()) {
            return 0;
        }
        try {
            Geometry larger = growth.larger(operation.newSizeBytes());
            if (operation.changesImage(batch)) {
                if (!session.isStarted()) {
                    session.start(neededMib());
                }
                if (!operation.isEndCovered()) {
                    return coverEnd(operation);
                }
                if (!exposures.isEmpty() || !growth.isPossible()) {
                    return 0;
                }
                if (operation.failure() != null) {
                    throw operation.failure();
                }
                absentBlockCount += growth.growTo(larger);
            }
            rounds.await(operation);
        } catch (NoSpaceException | UnreadableException | UnsupportedImageException | CorruptImageException e) {
            operation.request().complete(e);
        } catch (IOException e) {
            health.fail(e);
            return 1;
        }
        growing = null;
        return 1;
    }

    private int coverEnd(GrowOperation operation) throws IOException {
        NoSpaceException noSpace = rounds.lastNoSpace();
        if (operation.isOutOfStock() && noSpace != null && allocator.isEmpty()) {
            throw noSpace;
        }
        boolean wasOutOfStock = operation.isOutOfStock();
        operation.coversEnd(growth.coverEnd(operation, batch));
        return operation.isEndCovered() || !wasOutOfStock ? 1 : 0;
    }

    /** Puts what is staged into the log, shows it to everybody, and completes the operations of the batch. */
    private void commit() {
        if (batch.hasStaged()) {
            List<LogPage> pages = batch.pages();
            CommitEvent event = new CommitEvent();
            event.begin();
            try {
                log.append(pages, allocator.fileEndMib() * Geometry.MIB);
            } catch (IOException e) {
                health.fail(e);
            }
            if (health.hasFailed()) {
                return;
            }
            absentBlockCount -= batch.publish();
            tell(event, pages.size());
        }
        exposures.takeSettled().forEachRemaining(settled -> {
            if (exposing.remove(settled)) {
                inBatch.addLast(settled);
            }
        });
        Operation operation = inBatch.pollFirst();
        while (operation != null) {
            if (operation.awaitsExposure()) {
                // Also if it has failed: no part of it may be shown after its answer.
                exposing.add(operation);
            } else if (operation.failure() == null && operation.request().isDurable()) {
                rounds.await(operation);
            } else {
                operation.request().complete(operation.failure());
            }
            operation = inBatch.pollFirst();
        }
    }

    private void tell(CommitEvent event, int pageCount) {
        gauges.observer().entryWritten(inBatch.size(), pageCount);
        event.image = health.imageName();
        event.requestCount = inBatch.size();
        event.pageCount = pageCount;
        event.commit();
    }

    private int advanceBackground(boolean closing) {
        boolean settling =
                (growing != null && growing.isEndCovered()) || (closing && ready.isEmpty() && stalled.isEmpty());
        return rounds.startIfDue(session.isStarted() ? neededMib() : 0, settling) ? 1 : 0;
    }

    /** What the blocks that have no space could take in all, sector bitmap blocks included. */
    private long neededMib() {
        return (absentBlockCount + batch.absentBitmapCount()) * blockSizeMib;
    }

    private int failAll() {
        if (current != null) {
            ready.addFirst(current);
            current = null;
        }
        if (growing != null) {
            ready.addFirst(growing);
            growing = null;
        }
        ImageFailedException failure = health.exception();
        ready.addAll(exposing);
        exposing.clear();
        int count = completeAll(ready, failure) + completeAll(stalled, failure) + completeAll(inBatch, failure);
        return count + rounds.failAll(failure);
    }

    private static int completeAll(ArrayDeque<Operation> operations, IOException failure) {
        int count = 0;
        Operation operation = operations.pollFirst();
        while (operation != null) {
            operation.request().complete(failure);
            count++;
            operation = operations.pollFirst();
        }
        return count;
    }

    private boolean isIdle() {
        return requests.isEmpty()
                && ready.isEmpty()
                && stalled.isEmpty()
                && growing == null
                && exposing.isEmpty()
                && (health.hasFailed() ? !rounds.isRunning() : rounds.isSettled());
    }

    private void close() {
        if (session.isStarted() && !health.hasFailed()) {
            try {
                batch.releaseUnused();
                session.finish();
            } catch (IOException e) {
                health.fail(e);
            }
        }
        closed = true;
    }
}
