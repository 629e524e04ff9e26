package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystemException;

/**
 * Locks a file against other openers, in this process and in others, in the way of QEMU's raw file driver, so that each
 * side sees the other (promise R6).
 *
 * <p>QEMU numbers what an opener may do with a file. Who does it holds a shared lock on one byte of the file, who does
 * not let others do it on another:
 *
 * <pre>
 *   permission              held by who has it    held by who does not share it
 *   0 consistent read       byte 100              byte 200
 *   1 write                 byte 101              byte 201
 *   2 write unchanged data  byte 102              byte 202
 *   3 resize                byte 103              byte 203
 * </pre>
 *
 * <p>An opener takes its own bytes first and then looks whether anybody holds the opposite ones. Two that open at the
 * same moment may so refuse each other, but never both succeed. A writer here holds what QEMU's VHDX driver holds, and
 * byte 99 alone, which decides between two writers of ours: then one of them succeeds.
 *
 * <p>The locks are those of the open file description (F_OFD_SETLK). Locks of the older kind belong to the process
 * and are lost as soon as anything in it closes any descriptor of the same file.
 */
final class ImageLock {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;

    // struct flock
    private static final long FLOCK_BYTES = 32;
    private static final long L_TYPE_OFFSET = 0;
    private static final long L_START_OFFSET = 8;
    private static final long L_LEN_OFFSET = 16;

    private static final int ONLY_WRITER_BYTE = 99;
    private static final int HAS_PERMISSION_BASE = 100;
    private static final int DOES_NOT_SHARE_BASE = 200;

    private static final int CONSISTENT_READ = 0;
    private static final int WRITE = 1;
    private static final int WRITE_UNCHANGED = 2;
    private static final int RESIZE = 3;

    private static final int[] READER_HAS = {CONSISTENT_READ};
    private static final int[] READER_DOES_NOT_SHARE = {WRITE, RESIZE};
    private static final int[] WRITER_HAS = {CONSISTENT_READ, WRITE, RESIZE};
    private static final int[] WRITER_DOES_NOT_SHARE = {WRITE, WRITE_UNCHANGED, RESIZE};

    private final int fd;
    private final String name;
    private final long inode;
    private final MemorySegment flock;

    private ImageLock(int fd, String name, long inode, MemorySegment flock) {
        this.fd = fd;
        this.name = name;
        this.inode = inode;
        this.flock = flock;
    }

    /**
     * Takes the lock for the open file {@code fd}, which must be new and keeps the lock until it is closed.
     *
     * @throws FileInUseException if another opener stands in the way; some bytes may then be locked
     */
    static void take(int fd, String name, long inode, boolean writable) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            new ImageLock(fd, name, inode, arena.allocate(FLOCK_BYTES, Long.BYTES)).take(writable);
        }
    }

    /**
     * Drops the lock. Closing the file does so too, but only when no copy of its descriptor is left, and a child process
     * has one for the moment between fork and exec.
     */
    static void drop(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flock = arena.allocate(FLOCK_BYTES, Long.BYTES);
            set(flock, F_UNLCK, 0, Long.MAX_VALUE);
            // It cannot fail in a way that anybody could mend, and the file is closed next.
            int ignored = Libc.fcntl(fd, F_OFD_SETLK, flock);
        }
    }

    private void take(boolean writable) throws IOException {
        if (writable && !tryLock(F_WRLCK, ONLY_WRITER_BYTE)) {
            throw inUse("another opener has it open for writing");
        }
        int[] has = writable ? WRITER_HAS : READER_HAS;
        int[] doesNotShare = writable ? WRITER_DOES_NOT_SHARE : READER_DOES_NOT_SHARE;
        lockAll(HAS_PERMISSION_BASE, has);
        lockAll(DOES_NOT_SHARE_BASE, doesNotShare);
        if (isAnyLocked(HAS_PERMISSION_BASE, doesNotShare)) {
            throw inUse("another opener has it open for writing");
        }
        if (isAnyLocked(DOES_NOT_SHARE_BASE, has)) {
            throw inUse(
                    writable
                            ? "another opener reads it and allows no writer"
                            : "another opener has it open and allows no reader");
        }
    }

    private void lockAll(int base, int[] permissions) throws IOException {
        for (int permission : permissions) {
            if (!tryLock(F_RDLCK, base + permission)) {
                throw inUse("another opener has locked it");
            }
        }
    }

    /** @return false if somebody else holds a lock that does not go with it */
    private boolean tryLock(short type, int position) throws IOException {
        set(flock, type, position, 1);
        int result = call(F_OFD_SETLK);
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            return false;
        }
        check(result);
        return true;
    }

    /** Whether anybody else holds a lock of any kind on one of the bytes. */
    private boolean isAnyLocked(int base, int[] permissions) throws IOException {
        for (int permission : permissions) {
            set(flock, F_WRLCK, base + permission, 1);
            check(call(F_OFD_GETLK));
            if (flock.get(ValueLayout.JAVA_SHORT, L_TYPE_OFFSET) != F_UNLCK) {
                return true;
            }
        }
        return false;
    }

    private int call(int command) {
        int result;
        do {
            result = Libc.fcntl(fd, command, flock);
        } while (result == -Errno.EINTR);
        return result;
    }

    private void check(int result) throws FileSystemException {
        if (result < 0) {
            throw new FileSystemException(name, null, "cannot lock the file: " + Errno.describe(-result));
        }
    }

    private static void set(MemorySegment flock, short type, long start, long length) {
        flock.fill((byte) 0);
        flock.set(ValueLayout.JAVA_SHORT, L_TYPE_OFFSET, type);
        flock.set(ValueLayout.JAVA_LONG, L_START_OFFSET, start);
        flock.set(ValueLayout.JAVA_LONG, L_LEN_OFFSET, length);
    }

    private FileInUseException inUse(String why) {
        String holders = LockHolders.describe(fd, inode);
        return new FileInUseException(name + " is in use: " + why + (holders.isEmpty() ? "" : ": " + holders));
    }
}
