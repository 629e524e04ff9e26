package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Opens and makes the files of {@link LinuxStorage}. */
final class LinuxFiles {
    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 02;
    private static final int O_CREAT = 0100;
    private static final int O_EXCL = 0200;
    private static final int O_NONBLOCK = 04000;
    private static final int O_CLOEXEC = 02000000;
    private static final int F_SETFL = 4;

    private static final int ALL_MAY_READ_AND_WRITE = 0666;

    private LinuxFiles() {}

    static LinuxStorage open(Path file, boolean writable) throws IOException {
        // Without O_NONBLOCK the opening of a FIFO waits for its other end.
        int fd = openDescriptor(file, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC, 0);
        return lockedStorage(fd, file.toString(), writable, null);
    }

    static LinuxStorage create(Path file) throws IOException {
        int fd = openDescriptor(file, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_CLOEXEC, ALL_MAY_READ_AND_WRITE);
        try {
            return lockedStorage(
                    fd, file.toString(), true, file.toAbsolutePath().resolveSibling(""));
        } catch (FileInUseException e) {
            // Somebody else has found the new file and is using it.
            throw e;
        } catch (Throwable e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /**
     * The storage of a file that has just been opened; closes it if it cannot be used.
     *
     * @param changedDirectory the directory of a new file; null if it is not new
     */
    private static LinuxStorage lockedStorage(int fd, String name, boolean writable, @Nullable Path changedDirectory)
            throws IOException {
        try {
            OpenFileStatus status = OpenFileStatus.of(fd, name);
            if (!status.isRegularFile()) {
                throw new FileSystemException(name, null, "not a regular file");
            }
            checkResult(Libc.fcntl(fd, F_SETFL, MemorySegment.NULL), name, "cannot clear O_NONBLOCK");
            ImageLock.take(fd, name, status.inode(), writable);
            if (changedDirectory != null) {
                syncDirectory(changedDirectory);
            }
            SpaceCalls space = writable ? SpaceCalls.ofWritableFile(fd, name, status) : SpaceCalls.ofReadOnlyFile(name);
            return new LinuxStorage(fd, name, writable, space);
        } catch (Throwable e) {
            int ignored = Libc.close(fd);
            throw e;
        }
    }

    /** Makes the name of a new file durable, which the syncing of the file itself need not do. */
    private static void syncDirectory(Path directory) throws IOException {
        int fd = openDescriptor(directory, O_RDONLY | O_CLOEXEC, 0);
        try {
            int result = Libc.fsync(fd);
            // This is how file systems answer that write names at once, or keep them elsewhere.
            if (result != -Errno.EINVAL) {
                checkResult(result, directory.toString(), "cannot sync the directory");
            }
        } finally {
            int ignored = Libc.close(fd);
        }
    }

    private static void checkResult(int result, String name, String what) throws FileSystemException {
        if (result < 0) {
            throw new FileSystemException(name, null, what + ": " + Errno.describe(-result));
        }
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
