package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.request.AbandonedException;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A request that is being carried out, block by block, in as many batches as it takes.
 *
 * <p>What is done of a request before it is complete may be seen or not, and may survive a crash or not: that is what a
 * request without an answer means. So it can be cut anywhere.
 */
abstract sealed class Operation permits WriteOperation, ZeroOperation, TrimOperation, FlushOperation, GrowOperation {
    /** How far an operation has come. */
    enum Progress {
        /** All of it is written, or staged in the batch. */
        DONE,
        /** The batch has no room for the rest, or it is the turn of others. */
        UNFINISHED,
        /** There was no space for a block; to be tried again when there is. */
        OUT_OF_STOCK
    }

    /** After so many blocks in one batch, others have their turn. */
    private static final int TURN_BLOCKS = 512;

    private final ImageRequest request;
    private long positionBytes;

    /** How much of what it has written is not shown yet. */
    private int exposureCount;

    private @Nullable IOException failure;

    Operation(ImageRequest request) {
        this.request = request;
        this.positionBytes = request.offsetBytes();
    }

    static Operation of(ImageRequest request) {
        return switch (request) {
            case WriteRequest write -> new WriteOperation(write);
            case ZeroRequest zero -> new ZeroOperation(zero);
            case TrimRequest trim -> new TrimOperation(trim);
            case FlushRequest flush -> new FlushOperation(flush);
            case GrowRequest grow -> new GrowOperation(grow);
        };
    }

    final ImageRequest request() {
        return request;
    }

    /** Where the part that is still to be done begins on the virtual disk. */
    final long positionBytes() {
        return positionBytes;
    }

    final boolean hasBegun() {
        return positionBytes != request.offsetBytes();
    }

    /** Takes note that something of it waits to be shown. */
    final void awaitExposure() {
        exposureCount++;
    }

    /**
     * Takes note that something of it waits no more.
     *
     * @return whether nothing else does
     */
    final boolean endExposure() {
        exposureCount--;
        return exposureCount == 0;
    }

    /** Whether something of it waits to be shown, so that it must not be answered. */
    final boolean awaitsExposure() {
        return exposureCount > 0;
    }

    /** Whether all of it is written or staged. */
    final boolean isDone() {
        return positionBytes == request.endBytes();
    }

    /** Where the part ends that may be done in one batch. */
    final long turnEndBytes(Disk disk) {
        long turnBytes = (long) TURN_BLOCKS * disk.geometry().blockSizeBytes();
        long turnStartBytes = disk.blockStartBytes(disk.blockOf(positionBytes));
        return Math.min(request.endBytes(), turnStartBytes + turnBytes);
    }

    /** Whether the next turn of the operation changes anything in the image as it is. */
    abstract boolean changesImage(Batch batch);

    /** Why the operation has failed; null if it has not. */
    final @Nullable IOException failure() {
        return failure;
    }

    /** Takes note of a failure; the first one counts. */
    final void fail(IOException cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    /**
     * Carries out as much as the batch has room for.
     *
     * @throws AbandonedException if nobody waits for it any more
     * @throws io.vhdxd.vhdx.storage.NoSpaceException if the file system is full; the operation has failed
     * @throws io.vhdxd.vhdx.diagnosis.UnreadableException if it needed what could not be read; the operation has failed
     * @throws io.vhdxd.vhdx.request.ZeroNotFastException if it was to be fast and is not; the operation has failed
     * @throws IOException if the image has to be given up
     */
    final Progress advance(Batch batch) throws IOException {
        for (int blocks = 0; positionBytes < request.endBytes(); blocks++) {
            long block = batch.disk().blockOf(positionBytes);
            if (blocks == TURN_BLOCKS || !batch.hasRoomFor(block)) {
                return Progress.UNFINISHED;
            }
            if (request.isAbandoned()) {
                throw new AbandonedException();
            }
            long endBytes = Math.min(request.endBytes(), batch.disk().blockEndBytes(block));
            endBytes = Math.min(endBytes, positionBytes + pieceMaxBytes(batch));
            if (!advanceIn(batch, block, positionBytes, endBytes - positionBytes)) {
                return Progress.OUT_OF_STOCK;
            }
            positionBytes = endBytes;
        }
        return Progress.DONE;
    }

    /** No piece is longer than this, so that the writer never stays away from the others for long. */
    long pieceMaxBytes(Batch batch) {
        return batch.disk().geometry().blockSizeBytes();
    }

    /** Whether the request covers all of a block, as far as the disk goes. */
    final boolean coversBlock(Disk disk, long blockIndex) {
        return request.offsetBytes() <= disk.blockStartBytes(blockIndex)
                && request.endBytes() >= disk.blockEndBytes(blockIndex);
    }

    /**
     * Carries out one piece, which lies in one block.
     *
     * @return false if there was no space for the block; nothing was done
     */
    abstract boolean advanceIn(Batch batch, long blockIndex, long offsetBytes, long lengthBytes) throws IOException;
}
