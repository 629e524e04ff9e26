package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.request.WriteRequest;
import java.io.IOException;

/** Writes the client's bytes, into the space that a block has or into new space. */
final class WriteOperation extends Operation {
    private final GatherCursor payload;

    WriteOperation(WriteRequest request) {
        super(request);
        this.payload = new GatherCursor(request.srcs());
    }

    @Override
    boolean changesImage(Batch batch) {
        return request().lengthBytes() > 0;
    }

    @Override
    boolean advanceIn(Batch batch, long blockIndex, long offsetBytes, long lengthBytes) throws IOException {
        long inBlockBytes = offsetBytes - batch.disk().blockStartBytes(blockIndex);
        if (batch.isPresent(blockIndex)) {
            batch.writeInPlace(blockIndex, inBlockBytes, payload.take(lengthBytes), lengthBytes);
            return true;
        }
        if (batch.leansOnParent(blockIndex)) {
            return batch.writeSectors(this, blockIndex, inBlockBytes, payload, lengthBytes);
        }
        long placeMib = batch.takeSpace(blockIndex);
        if (placeMib < 0) {
            return false;
        }
        batch.writeToNewBlock(blockIndex, placeMib, inBlockBytes, payload.take(lengthBytes), lengthBytes);
        return true;
    }
}
