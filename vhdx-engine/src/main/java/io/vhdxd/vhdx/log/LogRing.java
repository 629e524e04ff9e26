package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The log's space in the file, read as a ring.
 *
 * @param offsetBytes where the log stands in the file
 * @param lengthBytes a multiple of 1 MiB
 */
record LogRing(Storage storage, long offsetBytes, long lengthBytes) {
    /** What to call the log in a message. */
    static final String NAME = "log";

    /** Fills the buffer from its position on, and goes on at the start of the ring where the ring ends. */
    void read(ByteBuffer dst, long ringOffsetBytes) throws IOException {
        int limit = dst.limit();
        long at = ringOffsetBytes % lengthBytes;
        while (dst.position() < limit) {
            dst.limit((int) Math.min(limit, dst.position() + lengthBytes - at));
            int expected = dst.remaining();
            int read = storage.read(dst, offsetBytes + at);
            if (read < expected) {
                throw new CorruptImageException(
                        NAME,
                        offsetBytes + at,
                        "the file ends " + read + " bytes behind this place, expected " + expected + " more bytes");
            }
            dst.limit(limit);
            at = 0;
        }
    }

    /** Where in the file a place of the ring stands. */
    long fileOffset(long ringOffsetBytes) {
        return offsetBytes + ringOffsetBytes % lengthBytes;
    }
}
