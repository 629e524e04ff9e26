package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Opens and makes the files of {@link LinuxStorage}. */
final class LinuxFiles {
    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 02;
    private static final int O_CREAT = 0100;
    private static final int O_EXCL = 0200;
    private static final int O_NONBLOCK = 04000;
    private static final int O_CLOEXEC = 02000000;

    private static final int ALL_MAY_READ_AND_WRITE = 0666;

    private LinuxFiles() {}

    static LinuxStorage open(Path file, boolean writable) throws IOException {
        // Without O_NONBLOCK the opening of a FIFO waits for its other end.
        int fd = openDescriptor(file, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC, 0);
        return lockedStorage(fd, file, writable);
    }

    static LinuxStorage create(Path file) throws IOException {
        int fd = openDescriptor(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, ALL_MAY_READ_AND_WRITE);
        return lockedStorage(fd, file, true);
    }

    private static LinuxStorage lockedStorage(int fd, Path file, boolean writable) throws IOException {
        LinuxStorage storage = new LinuxStorage(fd, file.toString(), writable, writable);
        try {
            ImageLock.take(fd, file.toString(), writable);
        } catch (Throwable e) {
            storage.close();
            throw e;
        }
        return storage;
    }

    private static int openDescriptor(Path file, int flags, int mode) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = nativePath(file, arena);
            int fd;
            do {
                fd = Libc.open(path, flags, mode);
            } while (fd == -Errno.EINTR);
            if (fd < 0) {
                throw Errno.openFailure(file.toString(), -fd);
            }
            return fd;
        }
    }

    /**
     * The path's bytes as the kernel has them, with a zero at the end. They are taken from the URI, because the string of
     * a path has lost those that the locale's character set cannot express.
     */
    private static MemorySegment nativePath(Path file, Arena arena) {
        String escaped = file.toUri().getRawPath().replace("+", "%2B");
        byte[] bytes = URLDecoder.decode(escaped, StandardCharsets.ISO_8859_1).getBytes(StandardCharsets.ISO_8859_1);
        MemorySegment path = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, path, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return path;
    }
}
