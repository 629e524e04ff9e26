package io.vhdxd.vhdx.format;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * One of the two headers ([MS-VHDX] 2.2.2). The one with the larger sequence number is current.
 *
 * @param sequenceNumber unsigned
 * @param fileWriteGuid changes before the first change of the file in every session
 * @param dataWriteGuid changes before the first change of what a guest can see in every session; children know their
 *     parent by it
 * @param logGuid {@link GuidCodec#NIL} if there is no log to replay, otherwise the GUID of the entries that count
 * @param logVersion 0 is the only version
 * @param version {@link #VERSION} is the only version
 * @param logLengthBytes at most 2^32 - 1, as the field has 32 bits
 * @param logOffsetBytes unsigned, as it was found
 */
public record Header(
        long sequenceNumber,
        UUID fileWriteGuid,
        UUID dataWriteGuid,
        UUID logGuid,
        int logVersion,
        int version,
        long logLengthBytes,
        long logOffsetBytes) {
    public static final int BYTES = 4096;
    public static final int VERSION = 1;

    /** {@code head}. */
    private static final int SIGNATURE = 0x6461_6568;

    /** The longest log that is read; Windows makes none that is longer. */
    public static final long LOG_LENGTH_MAX_BYTES = 1L << 30;

    private static final int SEQUENCE_NUMBER_OFFSET = 8;
    private static final int FILE_WRITE_GUID_OFFSET = 16;
    private static final int DATA_WRITE_GUID_OFFSET = 32;
    private static final int LOG_GUID_OFFSET = 48;
    private static final int LOG_VERSION_OFFSET = 64;
    private static final int VERSION_OFFSET = 66;
    private static final int LOG_LENGTH_OFFSET = 68;
    private static final int LOG_OFFSET_OFFSET = 72;

    /** Where a header stands in the file; slot 0 holds what [MS-VHDX] calls header 1, slot 1 header 2. */
    public static long slotOffsetBytes(int slot) {
        return (slot + 1) * (64L << 10);
    }

    /** What to call a slot's header in a message. */
    public static String slotName(int slot) {
        return "header " + (slot + 1);
    }

    /**
     * Reads a header and checks its signature and checksum, nothing else.
     *
     * @param bytes {@link #BYTES} bytes
     * @param slot 0 or 1, for the error
     * @throws CorruptImageException if it is not valid
     */
    public static Header parse(ByteBuffer bytes, int slot) throws CorruptImageException {
        ByteBuffer in = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        StructureHead.require(in, SIGNATURE, slotName(slot), slotOffsetBytes(slot));
        return new Header(
                in.getLong(SEQUENCE_NUMBER_OFFSET),
                GuidCodec.get(in, FILE_WRITE_GUID_OFFSET),
                GuidCodec.get(in, DATA_WRITE_GUID_OFFSET),
                GuidCodec.get(in, LOG_GUID_OFFSET),
                Short.toUnsignedInt(in.getShort(LOG_VERSION_OFFSET)),
                Short.toUnsignedInt(in.getShort(VERSION_OFFSET)),
                Integer.toUnsignedLong(in.getInt(LOG_LENGTH_OFFSET)),
                in.getLong(LOG_OFFSET_OFFSET));
    }

    /** The header's {@link #BYTES} bytes, with its checksum. */
    public ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0, SIGNATURE);
        out.putLong(SEQUENCE_NUMBER_OFFSET, sequenceNumber);
        GuidCodec.put(out, FILE_WRITE_GUID_OFFSET, fileWriteGuid);
        GuidCodec.put(out, DATA_WRITE_GUID_OFFSET, dataWriteGuid);
        GuidCodec.put(out, LOG_GUID_OFFSET, logGuid);
        out.putShort(LOG_VERSION_OFFSET, (short) logVersion);
        out.putShort(VERSION_OFFSET, (short) version);
        out.putInt(LOG_LENGTH_OFFSET, (int) logLengthBytes);
        out.putLong(LOG_OFFSET_OFFSET, logOffsetBytes);
        out.putInt(Checksum.OFFSET, Checksum.of(out));
        return out;
    }

    /** Whether the log may hold entries that were not applied. */
    public boolean isLogInUse() {
        return !logGuid.equals(GuidCodec.NIL);
    }

    /** Whether there is a log at a place where one can be read: whole MiB, behind the headers and within the file. */
    public boolean hasLogWithin(long fileSizeBytes) {
        return logLengthBytes > 0
                && logLengthBytes <= LOG_LENGTH_MAX_BYTES
                && logLengthBytes % Geometry.MIB == 0
                && logOffsetBytes >= Geometry.MIB
                && logOffsetBytes % Geometry.MIB == 0
                && logOffsetBytes <= fileSizeBytes - logLengthBytes;
    }

    public Header withSequenceNumber(long newSequenceNumber) {
        return new Header(
                newSequenceNumber,
                fileWriteGuid,
                dataWriteGuid,
                logGuid,
                logVersion,
                version,
                logLengthBytes,
                logOffsetBytes);
    }

    public Header withFileWriteGuid(UUID newFileWriteGuid) {
        return new Header(
                sequenceNumber,
                newFileWriteGuid,
                dataWriteGuid,
                logGuid,
                logVersion,
                version,
                logLengthBytes,
                logOffsetBytes);
    }

    public Header withDataWriteGuid(UUID newDataWriteGuid) {
        return new Header(
                sequenceNumber,
                fileWriteGuid,
                newDataWriteGuid,
                logGuid,
                logVersion,
                version,
                logLengthBytes,
                logOffsetBytes);
    }

    /** The same header with an empty log at another place. */
    public Header withLog(long newLogOffsetBytes, long newLogLengthBytes) {
        return new Header(
                sequenceNumber,
                fileWriteGuid,
                dataWriteGuid,
                GuidCodec.NIL,
                0,
                version,
                newLogLengthBytes,
                newLogOffsetBytes);
    }

    /**
     * The same header with another log GUID. A log that gets a GUID is one of version 0, whatever was said of an unused log
     * before.
     */
    public Header withLogGuid(UUID newLogGuid) {
        return new Header(
                sequenceNumber, fileWriteGuid, dataWriteGuid, newLogGuid, 0, version, logLengthBytes, logOffsetBytes);
    }
}
