package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** What a log entry does to one range of the file ([MS-VHDX] 2.3.1.2 and 2.3.1.3). */
public sealed interface LogDescriptor {
    int BYTES = 32;

    /** {@code desc}. */
    int DATA_SIGNATURE = 0x6373_6564;

    /** {@code zero}. */
    int ZERO_SIGNATURE = 0x6F72_657A;

    /** Where the range starts in the file; unsigned. */
    long fileOffsetBytes();

    /** How long the range is; unsigned. */
    long lengthBytes();

    /**
     * One page is written. Its first eight and last four bytes are here, as raw bytes in the order of the file read as
     * little-endian integers; the rest is in the data sector that belongs to the descriptor.
     */
    record Data(long fileOffsetBytes, long leadingBytes, int trailingBytes) implements LogDescriptor {
        @Override
        public long lengthBytes() {
            return LogEntryHeader.SECTOR_BYTES;
        }
    }

    /** The range becomes zero. */
    record Zero(long fileOffsetBytes, long lengthBytes) implements LogDescriptor {}

    /**
     * Reads a descriptor.
     *
     * @param src a little-endian buffer
     * @param sequenceNumber the entry's
     * @return null if this is no descriptor, or one of another entry
     */
    static @Nullable LogDescriptor parse(ByteBuffer src, int index, long sequenceNumber) {
        assert src.order() == ByteOrder.LITTLE_ENDIAN;
        if (src.getLong(index + 24) != sequenceNumber) {
            return null;
        }
        return switch (src.getInt(index)) {
            case DATA_SIGNATURE -> new Data(src.getLong(index + 16), src.getLong(index + 8), src.getInt(index + 4));
            case ZERO_SIGNATURE -> new Zero(src.getLong(index + 16), src.getLong(index + 8));
            default -> null;
        };
    }
}
