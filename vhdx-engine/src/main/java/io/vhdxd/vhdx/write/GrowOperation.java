package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.request.GrowRequest;

/** Makes the disk larger. The agent carries it out between two batches, see {@link Growth}. */
final class GrowOperation extends Operation {
    private final long newSizeBytes;

    /** Whether the part of the last block behind the disk's end reads as zeros already, or will when it is shown. */
    private boolean endIsCovered;

    /** Whether there was no space for that. */
    private boolean outOfStock;

    GrowOperation(GrowRequest request) {
        super(request);
        this.newSizeBytes = request.newSizeBytes();
    }

    long newSizeBytes() {
        return newSizeBytes;
    }

    boolean isEndCovered() {
        return endIsCovered;
    }

    /**
     * Takes note of an attempt to cover the part of the last block behind the disk's end.
     *
     * @param done false if there was no space for that
     */
    void coversEnd(boolean done) {
        endIsCovered = done;
        outOfStock = !done;
    }

    boolean isOutOfStock() {
        return outOfStock;
    }

    @Override
    boolean changesImage(Batch batch) {
        return newSizeBytes != batch.disk().geometry().virtualSizeBytes();
    }

    @Override
    boolean advanceIn(Batch batch, long blockIndex, long offsetBytes, long lengthBytes) {
        throw new AssertionError("a growth has no range");
    }
}
