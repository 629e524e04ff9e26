package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystemException;

/**
 * What the kernel says about an open file. By statx, whose structure is the same on every processor, other than that of
 * fstat.
 *
 * @param mode the type and the permissions
 * @param modifiedSeconds when the content was last modified, in seconds since 1970
 * @param modifiedNanos the nanoseconds beyond {@code modifiedSeconds}
 */
record OpenFileStatus(int mode, long sizeBytes, long inode, long modifiedSeconds, int modifiedNanos) {
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_BASIC_STATS = 0x7ff;

    private static final long STATX_BYTES = 256;
    private static final long STX_MODE_OFFSET = 28;
    private static final long STX_INO_OFFSET = 32;
    private static final long STX_SIZE_OFFSET = 40;
    private static final long STX_MTIME_SECONDS_OFFSET = 112;
    private static final long STX_MTIME_NANOS_OFFSET = 120;

    private static final int S_IFMT = 0170000;
    private static final int S_IFREG = 0100000;

    /** @param name the path, for messages */
    static OpenFileStatus of(int fd, String name) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statx = arena.allocate(STATX_BYTES, Long.BYTES);
            int result = Libc.statx(fd, arena.allocateFrom(""), AT_EMPTY_PATH, STATX_BASIC_STATS, statx);
            if (result < 0) {
                throw new FileSystemException(name, null, "cannot examine the file: " + Errno.describe(-result));
            }
            return new OpenFileStatus(
                    Short.toUnsignedInt(statx.get(ValueLayout.JAVA_SHORT, STX_MODE_OFFSET)),
                    statx.get(ValueLayout.JAVA_LONG, STX_SIZE_OFFSET),
                    statx.get(ValueLayout.JAVA_LONG, STX_INO_OFFSET),
                    statx.get(ValueLayout.JAVA_LONG, STX_MTIME_SECONDS_OFFSET),
                    statx.get(ValueLayout.JAVA_INT, STX_MTIME_NANOS_OFFSET));
        }
    }

    boolean isRegularFile() {
        return (mode & S_IFMT) == S_IFREG;
    }
}
