package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.request.GrowRequest;

/** Makes the disk larger. The agent carries it out between two batches, see {@link Growth}. */
final class GrowOperation extends Operation {
    private final long newSizeBytes;

    GrowOperation(GrowRequest request) {
        super(request);
        this.newSizeBytes = request.newSizeBytes();
    }

    long newSizeBytes() {
        return newSizeBytes;
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
