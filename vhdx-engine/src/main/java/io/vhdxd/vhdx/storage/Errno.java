package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;

/** Linux's error numbers: what they are called, what they mean, and which exception they become. */
final class Errno {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int EBADF = 9;
    static final int EAGAIN = 11;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int ENODEV = 19;
    static final int ENOTDIR = 20;
    static final int EISDIR = 21;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ETXTBSY = 26;
    static final int EFBIG = 27;
    static final int ENOSPC = 28;
    static final int EROFS = 30;
    static final int ENAMETOOLONG = 36;
    static final int ENOLCK = 37;
    static final int ENOSYS = 38;
    static final int ELOOP = 40;
    static final int EOPNOTSUPP = 95;
    static final int ETIMEDOUT = 110;
    static final int ESTALE = 116;
    static final int EREMOTEIO = 121;
    static final int EDQUOT = 122;

    private static final Map<Integer, String> TEXTS = Map.ofEntries(
            Map.entry(0, "nothing was transferred"),
            Map.entry(EPERM, "EPERM, operation not permitted"),
            Map.entry(ENOENT, "ENOENT, no such file or directory"),
            Map.entry(EINTR, "EINTR, interrupted by a signal"),
            Map.entry(EIO, "EIO, input/output error"),
            Map.entry(ENXIO, "ENXIO, no such device or address"),
            Map.entry(EBADF, "EBADF, the file is closed"),
            Map.entry(EAGAIN, "EAGAIN, temporarily unavailable"),
            Map.entry(ENOMEM, "ENOMEM, out of memory"),
            Map.entry(EACCES, "EACCES, permission denied"),
            Map.entry(EBUSY, "EBUSY, device or resource busy"),
            Map.entry(EEXIST, "EEXIST, file exists"),
            Map.entry(ENODEV, "ENODEV, no such device"),
            Map.entry(ENOTDIR, "ENOTDIR, a part of the path is not a directory"),
            Map.entry(EISDIR, "EISDIR, is a directory"),
            Map.entry(EINVAL, "EINVAL, invalid argument"),
            Map.entry(ENFILE, "ENFILE, too many open files in the system"),
            Map.entry(EMFILE, "EMFILE, too many open files in this process"),
            Map.entry(ETXTBSY, "ETXTBSY, file is in use as a program or as swap space"),
            Map.entry(EFBIG, "EFBIG, file too large"),
            Map.entry(ENOSPC, "ENOSPC, no space left on device"),
            Map.entry(EROFS, "EROFS, read-only file system"),
            Map.entry(ENAMETOOLONG, "ENAMETOOLONG, file name too long"),
            Map.entry(ENOLCK, "ENOLCK, no locks available"),
            Map.entry(ENOSYS, "ENOSYS, not implemented by this kernel"),
            Map.entry(ELOOP, "ELOOP, too many symbolic links"),
            Map.entry(EOPNOTSUPP, "EOPNOTSUPP, not supported by this file system"),
            Map.entry(ETIMEDOUT, "ETIMEDOUT, timed out"),
            Map.entry(ESTALE, "ESTALE, stale file handle"),
            Map.entry(EREMOTEIO, "EREMOTEIO, remote input/output error"),
            Map.entry(EDQUOT, "EDQUOT, disk quota exceeded"));

    private Errno() {}

    /** For example {@code "EIO, input/output error (errno 5)"}. */
    static String describe(int errno) {
        return TEXTS.getOrDefault(errno, "unknown error") + " (errno " + errno + ")";
    }

    /** Whether a file system says by this that it lacks a feature. */
    static boolean isUnsupported(int errno) {
        return errno == EOPNOTSUPP || errno == ENOSYS;
    }

    /** The exception for an operation on an open file; {@code what} names the operation, its range and the file. */
    static IOException failure(String what, int errno) {
        String message = what + ": " + describe(errno);
        return switch (errno) {
            case ENOSPC, EDQUOT, EFBIG -> new NoSpaceException(message);
            default -> new IOException(message);
        };
    }

    /** The exception for the opening or creation of {@code file}. */
    static IOException openFailure(String file, int errno) {
        return switch (errno) {
            case ENOENT -> new NoSuchFileException(file);
            case EEXIST -> new FileAlreadyExistsException(file);
            case EACCES, EPERM -> new AccessDeniedException(file, null, describe(errno));
            case ENOSPC, EDQUOT -> new NoSpaceException("cannot create " + file + ": " + describe(errno));
            // The kernel waits for a lease to be given back, unless the opener asked not to wait.
            case EAGAIN -> new FileInUseException(file + " is in use: another program holds a lease on it");
            case EISDIR, ENXIO, ENODEV -> new FileSystemException(file, null, "not a regular file");
            default -> new FileSystemException(file, null, describe(errno));
        };
    }
}
