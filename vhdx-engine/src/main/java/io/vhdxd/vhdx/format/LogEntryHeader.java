package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The first 64 bytes of a log entry ([MS-VHDX] 2.3.1.1). Descriptors follow it, then the data sectors.
 *
 * @param checksum over the whole entry
 * @param entryLengthBytes at most 2^32 - 1
 * @param tailOffsetBytes where in the ring the oldest entry stands that a replay from this one needs; at most 2^32 - 1
 * @param sequenceNumber unsigned, not 0
 * @param descriptorCount at most 2^32 - 1
 * @param flushedFileOffsetBytes the file was at least this long, durably, when the entry was written; unsigned
 * @param lastFileOffsetBytes the file has to be at least this long to hold everything that is in use; unsigned
 */
public record LogEntryHeader(
        int checksum,
        long entryLengthBytes,
        long tailOffsetBytes,
        long sequenceNumber,
        long descriptorCount,
        UUID logGuid,
        long flushedFileOffsetBytes,
        long lastFileOffsetBytes) {
    public static final int BYTES = 64;

    /** The unit of the log: entries, and everything in them but the descriptors, are whole sectors. */
    public static final int SECTOR_BYTES = 4096;

    /** {@code loge}. */
    static final int SIGNATURE = 0x6567_6F6C;

    static final int CHECKSUM_OFFSET = Checksum.OFFSET;
    static final int ENTRY_LENGTH_OFFSET = 8;
    static final int TAIL_OFFSET = 12;
    static final int SEQUENCE_NUMBER_OFFSET = 16;
    static final int DESCRIPTOR_COUNT_OFFSET = 24;
    static final int LOG_GUID_OFFSET = 32;
    static final int FLUSHED_FILE_OFFSET_OFFSET = 48;
    static final int LAST_FILE_OFFSET_OFFSET = 56;

    /** The GUID that stands where an entry has its log GUID, whether or not this is the start of an entry. */
    public static UUID logGuid(ByteBuffer sector) {
        return GuidCodec.get(littleEndian(sector), LOG_GUID_OFFSET);
    }

    /** Reads the header of an entry; null if the sector does not start with the signature of one. */
    public static @Nullable LogEntryHeader parse(ByteBuffer sector) {
        ByteBuffer in = littleEndian(sector);
        if (in.getInt(0) != SIGNATURE) {
            return null;
        }
        return new LogEntryHeader(
                in.getInt(CHECKSUM_OFFSET),
                Integer.toUnsignedLong(in.getInt(ENTRY_LENGTH_OFFSET)),
                Integer.toUnsignedLong(in.getInt(TAIL_OFFSET)),
                in.getLong(SEQUENCE_NUMBER_OFFSET),
                Integer.toUnsignedLong(in.getInt(DESCRIPTOR_COUNT_OFFSET)),
                GuidCodec.get(in, LOG_GUID_OFFSET),
                in.getLong(FLUSHED_FILE_OFFSET_OFFSET),
                in.getLong(LAST_FILE_OFFSET_OFFSET));
    }

    private static ByteBuffer littleEndian(ByteBuffer sector) {
        return sector.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The sectors that the header and the descriptors take. */
    public long descriptorSectorCount() {
        return descriptorSectorCount(descriptorCount);
    }

    static long descriptorSectorCount(long descriptorCount) {
        return (BYTES + descriptorCount * LogDescriptor.BYTES + SECTOR_BYTES - 1) / SECTOR_BYTES;
    }

    /** Whether the fields agree with each other and with a ring of this length, as far as they can without the rest. */
    public boolean isPlausible(UUID expectedLogGuid, long ringLengthBytes) {
        return logGuid.equals(expectedLogGuid)
                && entryLengthBytes >= SECTOR_BYTES
                && entryLengthBytes <= ringLengthBytes
                && entryLengthBytes % SECTOR_BYTES == 0
                && tailOffsetBytes < ringLengthBytes
                && tailOffsetBytes % SECTOR_BYTES == 0
                && sequenceNumber != 0
                && descriptorSectorCount() * SECTOR_BYTES <= entryLengthBytes;
    }
}
