package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.LogDescriptor;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.format.RegionTable;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What an active sequence does to the file. Every descriptor's range is checked before it is told: it consists of whole
 * pages, spares the file type identifier, the headers and the log itself, and does not lie beyond what the file needs to
 * hold. An entry that breaks this was not torn by a crash, as its checksum is right; it is refused rather than left out.
 */
final class LogChanges {
    /** No log makes the file larger than what the engine can address. */
    private static final long FILE_SIZE_MAX_BYTES = 1L << 48;

    /** The file type identifier and the headers stand before this place; they never go through the log. */
    private static final long LOGGED_AREA_OFFSET_BYTES = RegionTable.copyOffsetBytes(0);

    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;
    private static final int SLICE_BYTES = 64 << 10;

    private final LogRing ring;
    private final ActiveSequence sequence;
    private final long fileSizeBytes;

    /** Reads the log from the storage, whose size is the file's before the replay. */
    LogChanges(Storage storage, ActiveSequence sequence) throws IOException {
        this.ring = new LogRing(storage, sequence.logOffsetBytes(), sequence.logLengthBytes());
        this.sequence = sequence;
        this.fileSizeBytes = storage.size();
        LogEntry head = sequence.head();
        long flushed = head.header().flushedFileOffsetBytes();
        if (Long.compareUnsigned(fileSizeBytes, flushed) < 0) {
            throw corrupt(
                    head,
                    "the file is truncated: " + fileSizeBytes + " bytes long, the log requires "
                            + Long.toUnsignedString(flushed));
        }
    }

    /** The size that the file has to have after the replay, at least. */
    long requiredSizeBytes() throws CorruptImageException {
        return Math.max(fileSizeBytes, lastFileOffset(sequence.head()));
    }

    private long lastFileOffset(LogEntry entry) throws CorruptImageException {
        long last = entry.header().lastFileOffsetBytes();
        if (last < 0 || last > FILE_SIZE_MAX_BYTES) {
            throw corrupt(
                    entry,
                    "last file offset " + Long.toUnsignedString(last) + ", expected at most " + FILE_SIZE_MAX_BYTES);
        }
        return last;
    }

    /** Tells all changes, from the tail to the head. */
    void forEach(LogVisitor visitor) throws IOException {
        ByteBuffer slice = ByteBuffer.allocateDirect(SLICE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (LogEntry entry : sequence.entries()) {
            forEach(entry, slice, visitor);
        }
    }

    private void forEach(LogEntry entry, ByteBuffer slice, LogVisitor visitor) throws IOException {
        LogEntryHeader header = entry.header();
        long limit = Math.max(requiredSizeBytes(), lastFileOffset(entry));
        long descriptorsEnd = LogEntryHeader.BYTES + header.descriptorCount() * LogDescriptor.BYTES;
        long dataAt = entry.ringOffsetBytes() + header.descriptorSectorCount() * SECTOR_BYTES;
        long sliceAt = 0;
        slice.clear().limit(0);
        for (long at = LogEntryHeader.BYTES; at < descriptorsEnd; at += LogDescriptor.BYTES) {
            if (at >= sliceAt + slice.limit()) {
                sliceAt = at;
                slice.clear().limit((int) Math.min(SLICE_BYTES, descriptorsEnd - at));
                ring.read(slice, entry.ringOffsetBytes() + at);
            }
            LogDescriptor descriptor = LogDescriptor.parse(slice, (int) (at - sliceAt), header.sequenceNumber());
            if (descriptor == null) {
                throw corrupt(entry, "it changed while it was read");
            }
            requireLegalRange(entry, descriptor, limit);
            switch (descriptor) {
                case LogDescriptor.Data data -> {
                    visitor.page(data, ring.fileOffset(dataAt));
                    dataAt += SECTOR_BYTES;
                }
                case LogDescriptor.Zero zero -> visitor.zeros(zero);
            }
        }
    }

    private void requireLegalRange(LogEntry entry, LogDescriptor descriptor, long limit) throws CorruptImageException {
        long start = descriptor.fileOffsetBytes();
        long length = descriptor.lengthBytes();
        String range = "a descriptor for %s bytes at offset %s "
                .formatted(Long.toUnsignedString(length), Long.toUnsignedString(start));
        if (start % SECTOR_BYTES != 0 || length % SECTOR_BYTES != 0) {
            throw corrupt(entry, range + "is not about whole pages of " + SECTOR_BYTES + " bytes");
        }
        long roundedLimit = (limit + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
        if (start < 0 || length < 0 || start > roundedLimit - length) {
            throw corrupt(entry, range + "reaches beyond the file, expected at most " + limit);
        }
        if (start < LOGGED_AREA_OFFSET_BYTES) {
            throw corrupt(entry, range + "touches the headers, expected at least " + LOGGED_AREA_OFFSET_BYTES);
        }
        if (start < sequence.logOffsetBytes() + sequence.logLengthBytes()
                && start + length > sequence.logOffsetBytes()) {
            throw corrupt(entry, range + "touches the log itself");
        }
    }

    private CorruptImageException corrupt(LogEntry entry, String problem) {
        return new CorruptImageException(
                "log entry " + Long.toUnsignedString(entry.header().sequenceNumber()),
                ring.fileOffset(entry.ringOffsetBytes()),
                problem);
    }
}
