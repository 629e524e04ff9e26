package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.UUID;

/** Makes log entries that write pages ([MS-VHDX] 2.3.1). */
public final class LogEntryEncoder {
    private LogEntryEncoder() {}

    /** The length of an entry that writes so many pages; one sector if there are none. */
    public static int encodedLengthBytes(int pageCount) {
        long sectors = LogEntryHeader.descriptorSectorCount(pageCount) + pageCount;
        return Math.toIntExact(sectors * LogEntryHeader.SECTOR_BYTES);
    }

    /**
     * Encodes an entry from the buffer's index 0 on, whatever the buffer held before. Afterwards its position is 0 and its
     * limit is the length of the entry.
     *
     * @param dst has room for {@link #encodedLengthBytes}; should be direct, as it goes to the file
     * @param sequenceNumber unsigned, not 0; the number of the entry before it plus one
     * @param tailOffsetBytes where in the ring the oldest entry stands that is still needed, possibly this one
     * @param logGuid the header's
     * @param flushedFileOffsetBytes a size of the file that is durable
     * @param lastFileOffsetBytes the size that the file needs to hold everything that is in use
     */
    public static void encode(
            ByteBuffer dst,
            long sequenceNumber,
            int tailOffsetBytes,
            UUID logGuid,
            long flushedFileOffsetBytes,
            long lastFileOffsetBytes,
            List<LogPage> pages) {
        if (sequenceNumber == 0) {
            throw new IllegalArgumentException("sequence number: 0 (expected: any other)");
        }
        int length = encodedLengthBytes(pages.size());
        dst.clear().limit(length);
        ByteBuffer out = dst.slice().order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0, LogEntryHeader.SIGNATURE);
        out.putInt(LogEntryHeader.ENTRY_LENGTH_OFFSET, length);
        out.putInt(LogEntryHeader.TAIL_OFFSET, tailOffsetBytes);
        out.putLong(LogEntryHeader.SEQUENCE_NUMBER_OFFSET, sequenceNumber);
        out.putLong(LogEntryHeader.DESCRIPTOR_COUNT_OFFSET, pages.size());
        GuidCodec.put(out, LogEntryHeader.LOG_GUID_OFFSET, logGuid);
        out.putLong(LogEntryHeader.FLUSHED_FILE_OFFSET_OFFSET, flushedFileOffsetBytes);
        out.putLong(LogEntryHeader.LAST_FILE_OFFSET_OFFSET, lastFileOffsetBytes);

        int descriptorAt = LogEntryHeader.BYTES;
        int dataAt = length - pages.size() * LogEntryHeader.SECTOR_BYTES;
        int firstDataAt = dataAt;
        for (LogPage page : pages) {
            putDescriptor(out, descriptorAt, page, sequenceNumber);
            putData(out, dataAt, page.content(), sequenceNumber);
            descriptorAt += LogDescriptor.BYTES;
            dataAt += LogEntryHeader.SECTOR_BYTES;
        }
        while (descriptorAt < firstDataAt) {
            out.putLong(descriptorAt, 0);
            descriptorAt += Long.BYTES;
        }
        out.putInt(LogEntryHeader.CHECKSUM_OFFSET, Checksum.of(out));
    }

    private static void putDescriptor(ByteBuffer out, int at, LogPage page, long sequenceNumber) {
        ByteBuffer content = page.content().slice().order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(at, LogDescriptor.DATA_SIGNATURE);
        out.putInt(at + 4, content.getInt(LogDataSector.SEQUENCE_LOW_OFFSET));
        out.putLong(at + 8, content.getLong(0));
        out.putLong(at + 16, page.fileOffsetBytes());
        out.putLong(at + 24, sequenceNumber);
    }

    private static void putData(ByteBuffer out, int at, ByteBuffer content, long sequenceNumber) {
        out.putInt(at, LogDataSector.SIGNATURE);
        out.putInt(at + LogDataSector.SEQUENCE_HIGH_OFFSET, (int) (sequenceNumber >>> 32));
        out.put(
                at + LogDataSector.CONTENT_OFFSET,
                content,
                content.position() + LogDataSector.CONTENT_OFFSET,
                LogDataSector.CONTENT_BYTES);
        out.putInt(at + LogDataSector.SEQUENCE_LOW_OFFSET, (int) sequenceNumber);
    }
}
