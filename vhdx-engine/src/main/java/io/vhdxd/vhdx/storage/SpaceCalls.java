package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The system calls that give the space of one file back or take it in advance. What the file system turned out not to
 * have is not asked for again.
 */
final class SpaceCalls {
    private static final int FALLOC_FL_KEEP_SIZE = 0x01;
    private static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    private static final int FALLOC_FL_ZERO_RANGE = 0x10;
    private static final long UTIME_OMIT = (1L << 30) - 2;

    private static final long PROBE_DISTANCE_BYTES = 1L << 30;
    private static final long PROBE_BYTES = 1L << 20;

    /** The path, for messages. */
    private final String name;

    private volatile boolean punches;
    private volatile boolean zeroes = true;
    private volatile boolean reserves = true;

    private SpaceCalls(String name, boolean punches) {
        this.name = name;
        this.punches = punches;
    }

    static SpaceCalls ofReadOnlyFile(String name) {
        return new SpaceCalls(name, false);
    }

    /** @param status that of the file, which must be locked, open for writing, and not yet in use */
    static SpaceCalls ofWritableFile(int fd, String name, OpenFileStatus status) {
        return new SpaceCalls(name, canPunch(fd, status));
    }

    /**
     * Whether the file system can make holes. It is asked for one far behind the end of the file, where there is nothing,
     * and the file's time of modification is put back where the user is allowed to do that.
     */
    private static boolean canPunch(int fd, OpenFileStatus status) {
        long offset = (status.sizeBytes() / PROBE_DISTANCE_BYTES + 2) * PROBE_DISTANCE_BYTES;
        int result = Libc.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, PROBE_BYTES);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment accessedAndModified = arena.allocateFrom(
                    ValueLayout.JAVA_LONG, 0, UTIME_OMIT, status.modifiedSeconds(), status.modifiedNanos());
            int ignored = Libc.futimens(fd, accessedAndModified);
        }
        return !Errno.isUnsupported(-result);
    }

    /** Whether zeros and holes can be had without writing. */
    boolean zeroesFast() {
        return punches && (zeroes || reserves);
    }

    /** Makes a hole; false if the file system cannot. */
    boolean punch(int fd, long offset, long length) throws IOException {
        if (punches && call(fd, FALLOC_FL_PUNCH_HOLE, "punch a hole of", offset, length)) {
            return true;
        }
        punches = false;
        return false;
    }

    /** Makes zeros and keeps their space; false if the file system cannot, and at most a hole has then been made. */
    boolean zero(int fd, long offset, long length) throws IOException {
        if (zeroes && call(fd, FALLOC_FL_ZERO_RANGE, "zero", offset, length)) {
            return true;
        }
        zeroes = false;
        // Some file systems, tmpfs for one, have no such operation but do have the two that it consists of.
        return reserves && punch(fd, offset, length) && reserve(fd, offset, length);
    }

    /** Takes space; false if the file system cannot. */
    boolean reserve(int fd, long offset, long length) throws IOException {
        if (reserves && call(fd, 0, "reserve", offset, length)) {
            return true;
        }
        reserves = false;
        return false;
    }

    /** False if the file system has no such call, which has then done nothing. */
    private boolean call(int fd, int mode, String what, long offset, long length) throws IOException {
        int result;
        do {
            result = Libc.fallocate(fd, mode | FALLOC_FL_KEEP_SIZE, offset, length);
        } while (result == -Errno.EINTR);
        if (result < 0 && !Errno.isUnsupported(-result)) {
            throw Errno.failure(
                    "cannot " + what + " " + length + " bytes at offset " + offset + " of " + name, -result);
        }
        return result == 0;
    }
}
