package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.request.FlushRequest;

/** Changes nothing; it only waits for a sync. */
final class FlushOperation extends Operation {
    FlushOperation(FlushRequest request) {
        super(request);
    }

    @Override
    boolean changesImage(Batch batch) {
        return false;
    }

    @Override
    boolean advanceIn(Batch batch, long blockIndex, long offsetBytes, long lengthBytes) {
        throw new AssertionError("a flush has no range");
    }
}
