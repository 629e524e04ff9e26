package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A sector of a log entry that holds a page of the file ([MS-VHDX] 2.3.1.4). The page's first eight and last four bytes are
 * in the descriptor; their places carry a signature and the halves of the entry's sequence number, which tell a torn
 * sector.
 */
public final class LogDataSector {
    /** {@code data}. */
    static final int SIGNATURE = 0x6174_6164;

    static final int SEQUENCE_HIGH_OFFSET = 4;
    static final int CONTENT_OFFSET = 8;
    static final int SEQUENCE_LOW_OFFSET = LogEntryHeader.SECTOR_BYTES - 4;
    static final int CONTENT_BYTES = SEQUENCE_LOW_OFFSET - CONTENT_OFFSET;

    private LogDataSector() {}

    /**
     * Whether a data sector of the entry with this sequence number stands at the index.
     *
     * @param src a little-endian buffer
     */
    public static boolean isValid(ByteBuffer src, int index, long sequenceNumber) {
        assert src.order() == ByteOrder.LITTLE_ENDIAN;
        return src.getInt(index) == SIGNATURE
                && src.getInt(index + SEQUENCE_HIGH_OFFSET) == (int) (sequenceNumber >>> 32)
                && src.getInt(index + SEQUENCE_LOW_OFFSET) == (int) sequenceNumber;
    }

    /** Turns the data sector that the buffer holds from index 0 on into the page that was logged. */
    public static void restorePage(ByteBuffer sector, LogDescriptor.Data descriptor) {
        ByteBuffer page = sector.slice(0, LogEntryHeader.SECTOR_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        page.putLong(0, descriptor.leadingBytes());
        page.putInt(SEQUENCE_LOW_OFFSET, descriptor.trailingBytes());
    }
}
