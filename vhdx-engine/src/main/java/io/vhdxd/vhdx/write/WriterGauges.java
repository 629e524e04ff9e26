package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.measure.ImageObserver;
import io.vhdxd.vhdx.measure.WriterState;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What others may see of a writer. The writer's thread sets it after every turn, by stores that cost it nothing; anybody
 * reads it.
 */
final class WriterGauges {
    private final long logCapacityBytes;
    /** Twice the number of turns; odd within one. */
    private final AtomicLong turnMarks = new AtomicLong();

    private final AtomicLong roundCount = new AtomicLong();
    private volatile boolean roundRunning;
    private final AtomicLong waitingRequestCount = new AtomicLong();
    private final AtomicLong logUsedBytes = new AtomicLong();
    private final AtomicLong pagesNotInPlace = new AtomicLong();
    private final AtomicLong presentBlockCount = new AtomicLong();
    private final AtomicLong fileSizeBytes = new AtomicLong();
    private volatile ImageObserver observer = ImageObserver.NONE;

    WriterGauges(long logCapacityBytes, long presentBlockCount, long fileSizeBytes) {
        this.logCapacityBytes = logCapacityBytes;
        this.presentBlockCount.set(presentBlockCount);
        this.fileSizeBytes.set(fileSizeBytes);
    }

    // Of the writer's thread.

    void turnBegins() {
        turnMarks.setRelease(turnMarks.getPlain() + 1);
    }

    void turnEnds() {
        turnMarks.setRelease(turnMarks.getPlain() + 1);
    }

    void roundBegins() {
        roundRunning = true;
    }

    void roundEnds() {
        roundCount.setRelease(roundCount.getPlain() + 1);
        roundRunning = false;
    }

    void setRequests(long waitingCount) {
        waitingRequestCount.setRelease(waitingCount);
    }

    void setLog(LogWriter log) {
        logUsedBytes.setRelease(log.usedBytes());
        pagesNotInPlace.setRelease(log.pendingPageCount());
    }

    void setSpace(long presentCount, long sizeBytes) {
        presentBlockCount.setRelease(presentCount);
        fileSizeBytes.setRelease(sizeBytes);
    }

    ImageObserver observer() {
        return observer;
    }

    // Of anybody.

    void observe(ImageObserver newObserver) {
        observer = newObserver;
    }

    /** @param requestsQueued whether requests are in the writer's mailbox */
    WriterState read(boolean requestsQueued) {
        long marks = turnMarks.getAcquire();
        return new WriterState(
                marks / 2,
                requestsQueued || marks % 2 != 0,
                roundCount.getAcquire(),
                roundRunning,
                waitingRequestCount.getAcquire(),
                logUsedBytes.getAcquire(),
                logCapacityBytes,
                pagesNotInPlace.getAcquire(),
                presentBlockCount.getAcquire(),
                fileSizeBytes.getAcquire());
    }
}
