package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.format.LogDataSector;
import io.vhdxd.vhdx.format.LogDescriptor;
import io.vhdxd.vhdx.format.LogEntryHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Checks whole entries, slice by slice: descriptors, data sectors, length and checksum ([MS-VHDX] 2.3.1). Where the
 * descriptors point to is not looked at here, see {@link LogChanges}.
 */
final class EntryValidator {
    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;
    private static final int CHECKSUM_OFFSET = 4;

    private final LogRing ring;
    private final ByteBuffer slice;

    /** @param slice what to read through; little-endian, whole sectors */
    EntryValidator(LogRing ring, ByteBuffer slice) {
        assert slice.order() == ByteOrder.LITTLE_ENDIAN && slice.capacity() % SECTOR_BYTES == 0;
        this.ring = ring;
        this.slice = slice;
    }

    /** Whether an entry whose header is plausible is valid. */
    boolean isValid(LogEntry entry) throws IOException {
        LogEntryHeader header = entry.header();
        CRC32C crc = new CRC32C();
        Progress progress = new Progress(header);
        for (long done = 0; done < header.entryLengthBytes(); done += slice.limit()) {
            slice.clear().limit((int) Math.min(slice.capacity(), header.entryLengthBytes() - done));
            ring.read(slice, entry.ringOffsetBytes() + done);
            for (int at = 0; at < slice.limit(); at += SECTOR_BYTES) {
                if (!progress.accept(slice, at)) {
                    return false;
                }
            }
            if (done == 0) {
                slice.putInt(CHECKSUM_OFFSET, 0);
            }
            crc.update(slice.flip());
        }
        return progress.isComplete() && (int) crc.getValue() == header.checksum();
    }

    /** How far the sectors of one entry have been checked. */
    private static final class Progress {
        private final long sequenceNumber;
        private long descriptorsLeft;
        private long dataSectorsLeft;
        private boolean first = true;

        Progress(LogEntryHeader header) {
            sequenceNumber = header.sequenceNumber();
            descriptorsLeft = header.descriptorCount();
        }

        boolean accept(ByteBuffer src, int at) {
            if (first) {
                first = false;
                return acceptDescriptors(src, at + LogEntryHeader.BYTES, at + SECTOR_BYTES);
            }
            if (descriptorsLeft > 0) {
                return acceptDescriptors(src, at, at + SECTOR_BYTES);
            }
            return dataSectorsLeft-- > 0 && LogDataSector.isValid(src, at, sequenceNumber);
        }

        private boolean acceptDescriptors(ByteBuffer src, int from, int to) {
            for (int at = from; at < to && descriptorsLeft > 0; at += LogDescriptor.BYTES) {
                switch (LogDescriptor.parse(src, at, sequenceNumber)) {
                    case LogDescriptor.Data _ -> dataSectorsLeft++;
                    case LogDescriptor.Zero _ -> {}
                    case null -> {
                        return false;
                    }
                }
                descriptorsLeft--;
            }
            return true;
        }

        boolean isComplete() {
            return descriptorsLeft == 0 && dataSectorsLeft == 0;
        }
    }
}
