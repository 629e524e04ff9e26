package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.LogDataSector;
import io.vhdxd.vhdx.format.LogDescriptor;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Brings what the log holds to its place in the file ([MS-VHDX] 2.3.3). Interrupted at any point, it can be done again
 * from the start: the log is marked empty only when everything is durable.
 */
public final class LogReplay {
    private LogReplay() {}

    /**
     * Replays a sequence and marks the log empty.
     *
     * @param headers whose current header has the log GUID of the sequence
     * @param sequence null if there is nothing to apply and the log only has to be marked empty
     * @param fileWriteGuid a new random GUID, as the replay is a change of the file
     * @throws io.vhdxd.vhdx.storage.NoSpaceException if the file cannot grow; the log stays in use
     */
    public static void replay(
            Storage storage, HeaderUpdate headers, @Nullable ActiveSequence sequence, UUID fileWriteGuid)
            throws IOException {
        if (sequence != null) {
            wipeStrays(storage, sequence);
        }
        headers.write(header -> header.withFileWriteGuid(fileWriteGuid));
        if (sequence != null) {
            LogChanges changes = new LogChanges(storage, sequence);
            // Also where it is long enough: a replay before this one may have made it so, and have failed to sync it.
            storage.setSize(Math.max(storage.size(), changes.requiredSizeBytes()));
            changes.forEach(new Applier(storage));
            storage.sync();
        }
        headers.write(header -> header.withLogGuid(GuidCodec.NIL));
    }

    /**
     * Wipes the entries that are not replayed; the sync of the headers makes that durable. QEMU may take one of them for
     * the newest, and then would not go over what this replay leaves torn if it is interrupted (promise R9).
     */
    private static void wipeStrays(Storage storage, ActiveSequence sequence) throws IOException {
        for (LogEntry stray : sequence.strays()) {
            storage.write(
                    ByteBuffer.allocateDirect(LogEntryHeader.SECTOR_BYTES),
                    sequence.logOffsetBytes() + stray.ringOffsetBytes());
        }
    }

    private static final class Applier implements LogVisitor {
        private final Storage storage;
        private final ByteBuffer sector = ByteBuffer.allocateDirect(LogEntryHeader.SECTOR_BYTES);

        Applier(Storage storage) {
            this.storage = storage;
        }

        @Override
        public void page(LogDescriptor.Data descriptor, long dataSectorOffsetBytes) throws IOException {
            sector.clear();
            if (storage.read(sector, dataSectorOffsetBytes) < LogEntryHeader.SECTOR_BYTES) {
                throw new EOFException("log: the file ended at offset " + dataSectorOffsetBytes + " during the replay");
            }
            LogDataSector.restorePage(sector, descriptor);
            storage.write(sector.clear(), descriptor.fileOffsetBytes());
        }

        /** A hole, so that a range of any size takes no space; whoever writes there later gets the space then. */
        @Override
        public void zeros(LogDescriptor.Zero descriptor) throws IOException {
            storage.punchHole(descriptor.fileOffsetBytes(), descriptor.lengthBytes());
        }
    }
}
