package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a round does for the log.
 *
 * @param pages to be written to their place; all of them are durable in the log
 * @param wipeOffsetBytes where in the file zeros are to be written over entries that nobody needs
 * @param wipeLengthBytes how many; may be 0
 * @param finish to be run by the agent when all of that is durable, and everything that was written before the round
 */
record LogRound(List<LogPage> pages, long wipeOffsetBytes, int wipeLengthBytes, Runnable finish) {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(64 << 10);

    /** Does all of it but the sync. */
    void writeTo(Storage storage) throws IOException {
        for (LogPage page : pages) {
            storage.write(page.content().duplicate(), page.fileOffsetBytes());
        }
        long offsetBytes = wipeOffsetBytes;
        long endBytes = offsetBytes + wipeLengthBytes;
        while (offsetBytes < endBytes) {
            int lengthBytes = (int) Math.min(endBytes - offsetBytes, ZEROS.capacity());
            storage.write(ZEROS.slice(0, lengthBytes), offsetBytes);
            offsetBytes += lengthBytes;
        }
    }
}
