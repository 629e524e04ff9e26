package io.vhdxd.vhdx.format;

import java.nio.ByteBuffer;

/**
 * A page of the file that a log entry is to write.
 *
 * @param fileOffsetBytes a multiple of {@link LogEntryHeader#SECTOR_BYTES}
 * @param content {@link LogEntryHeader#SECTOR_BYTES} remaining bytes; neither they nor the buffer's position are changed
 */
public record LogPage(long fileOffsetBytes, ByteBuffer content) {
    public LogPage {
        if (fileOffsetBytes < 0 || fileOffsetBytes % LogEntryHeader.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException("file offset: " + fileOffsetBytes + " (expected: a multiple of "
                    + LogEntryHeader.SECTOR_BYTES + ")");
        }
        if (content.remaining() != LogEntryHeader.SECTOR_BYTES) {
            throw new IllegalArgumentException(
                    "content: " + content.remaining() + " bytes (expected: " + LogEntryHeader.SECTOR_BYTES + ")");
        }
    }
}
