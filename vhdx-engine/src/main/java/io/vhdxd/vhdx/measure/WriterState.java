package io.vhdxd.vhdx.measure;

/**
 * How things are with the writer of an image. The numbers are those of its last turns, not of one moment.
 *
 * @param turnCount how often the writer has looked for work so far; grows as long as there is any
 * @param hasWork whether the writer is in a turn, or requests wait for one
 * @param roundCount the rounds that are done
 * @param roundRunning whether a round is running, and with it perhaps a sync
 * @param waitingRequestCount requests that the writer has and that are not complete
 * @param logUsedBytes how much of the log's ring is written and not wiped
 * @param logCapacityBytes how much of the ring is used at most
 * @param pagesNotInPlace pages that are in the log, and not in their place
 * @param presentBlockCount blocks of the disk that have space in the file
 * @param fileSizeBytes the size of the file, with the stock of space for new blocks
 */
public record WriterState(
        long turnCount,
        boolean hasWork,
        long roundCount,
        boolean roundRunning,
        long waitingRequestCount,
        long logUsedBytes,
        long logCapacityBytes,
        long pagesNotInPlace,
        long presentBlockCount,
        long fileSizeBytes) {}
