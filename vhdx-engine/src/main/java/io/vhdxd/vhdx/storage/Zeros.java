package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Writes zeros for file systems that have no quicker way to make them. */
final class Zeros {
    private static final int SLICE_BYTES = 1024 * 1024;
    private static final ByteBuffer SLICE =
            ByteBuffer.allocateDirect(SLICE_BYTES).asReadOnlyBuffer();

    private Zeros() {}

    static void write(Storage storage, long offset, long length) throws IOException {
        long done = 0;
        while (done < length) {
            int sliceBytes = (int) Math.min(SLICE_BYTES, length - done);
            storage.write(SLICE.slice(0, sliceBytes), offset + done);
            done += sliceBytes;
        }
    }
}
