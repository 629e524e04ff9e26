package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * A file by Linux's own system calls. Unlike a {@link java.nio.channels.FileChannel} it is not closed by the interruption
 * of a thread, reads the page cache without waiting for the device, punches holes, and locks the file in a way that
 * QEMU sees.
 *
 * <p>A call that a signal interrupted is repeated, a transfer that stopped short is continued.
 */
final class LinuxStorage extends FileStorage {
    private static final int RWF_NOWAIT = 0x8;
    private static final int SEEK_END = 2;
    private static final int SEEK_DATA = 3;
    private static final int CLOSED = -1;

    /** {@link #CLOSED} after {@link #close}: a late call then fails and does not meet another file of the same number. */
    private volatile int fd;

    /** Cleared when the file system turns out not to have {@link #RWF_NOWAIT}. */
    private volatile boolean readsCached = true;

    private final SpaceCalls space;

    /**
     * @param fd an open file descriptor, which this storage closes
     * @param name the path, for messages
     */
    LinuxStorage(int fd, String name, boolean writable, SpaceCalls space) {
        super(name, writable);
        this.fd = fd;
        this.space = space;
    }

    @Override
    public int read(ByteBuffer dst, long offset) throws IOException {
        checkDestination(dst, offset);
        return dst.isDirect() ? readDirect(dst, offset) : readThroughCopy(dst, offset, false);
    }

    @Override
    public int readCached(ByteBuffer dst, long offset) throws IOException {
        checkDestination(dst, offset);
        if (!readsCached || !dst.hasRemaining()) {
            return 0;
        }
        return dst.isDirect() ? readCachedDirect(dst, offset) : readThroughCopy(dst, offset, true);
    }

    private int readThroughCopy(ByteBuffer dst, long offset, boolean cached) throws IOException {
        int done = 0;
        while (dst.hasRemaining()) {
            ByteBuffer piece = NativeScratch.ofThread().copyBuffer(dst.remaining());
            int pieceBytes = piece.remaining();
            int count = cached ? readCachedDirect(piece, offset + done) : readDirect(piece, offset + done);
            dst.put(piece.flip());
            done += count;
            if (count < pieceBytes) {
                break;
            }
        }
        return done;
    }

    private int readDirect(ByteBuffer dst, long offset) throws IOException {
        int start = dst.position();
        while (dst.hasRemaining()) {
            long at = offset + (dst.position() - start);
            long count = Libc.pread(fd, MemorySegment.ofBuffer(dst), dst.remaining(), at);
            if (count > 0) {
                dst.position(dst.position() + (int) count);
            } else if (count == 0) {
                break;
            } else if (count != -Errno.EINTR) {
                throw failure("cannot read", dst.remaining(), at, count);
            }
        }
        return dst.position() - start;
    }

    private int readCachedDirect(ByteBuffer dst, long offset) throws IOException {
        NativeScratch scratch = NativeScratch.ofThread();
        scratch.setIovec(0, MemorySegment.ofBuffer(dst).address(), dst.remaining());
        long count;
        try {
            do {
                count = Libc.preadv2(fd, scratch.iovecs(), 1, offset, RWF_NOWAIT);
            } while (count == -Errno.EINTR);
        } finally {
            Reference.reachabilityFence(dst);
        }
        if (count >= 0) {
            dst.position(dst.position() + (int) count);
            return (int) count;
        }
        if (count == -Errno.EAGAIN) {
            return 0;
        }
        if (Errno.isUnsupported((int) -count)) {
            readsCached = false;
            return 0;
        }
        throw failure("cannot read", dst.remaining(), offset, count);
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
        checkWritable();
        checkRange(offset, src.remaining());
        if (src.isDirect()) {
            writeDirect(src, offset);
            return;
        }
        NativeScratch scratch = NativeScratch.ofThread();
        long at = offset;
        while (src.hasRemaining()) {
            ByteBuffer piece = scratch.copyBuffer(src.remaining());
            int pieceBytes = piece.remaining();
            piece.put(src.slice(src.position(), pieceBytes)).flip();
            writeDirect(piece, at);
            src.position(src.position() + pieceBytes);
            at += pieceBytes;
        }
    }

    private void writeDirect(ByteBuffer src, long offset) throws IOException {
        int start = src.position();
        while (src.hasRemaining()) {
            long at = offset + (src.position() - start);
            long count = Libc.pwrite(fd, MemorySegment.ofBuffer(src), src.remaining(), at);
            if (count > 0) {
                src.position(src.position() + (int) count);
            } else if (count != -Errno.EINTR) {
                throw failure("cannot write", src.remaining(), at, count);
            }
        }
    }

    @Override
    public void write(ByteBuffer[] srcs, long offset) throws IOException {
        checkWritable();
        checkRange(offset, totalRemaining(srcs));
        long at = offset;
        int index = 0;
        while (index < srcs.length) {
            ByteBuffer src = srcs[index];
            if (!src.hasRemaining()) {
                index++;
            } else if (src.isDirect()) {
                at += writeGathered(srcs, index, at);
            } else {
                at += src.remaining();
                write(src, at - src.remaining());
            }
        }
    }

    /** One gathering write of the direct buffers from {@code first} on, as far as the kernel takes them at once. */
    private long writeGathered(ByteBuffer[] srcs, int first, long offset) throws IOException {
        NativeScratch scratch = NativeScratch.ofThread();
        int iovecCount = 0;
        long requested = 0;
        for (int i = first; i < srcs.length && iovecCount < NativeScratch.MAX_IOVECS && srcs[i].isDirect(); i++) {
            ByteBuffer src = srcs[i];
            if (src.hasRemaining()) {
                scratch.setIovec(iovecCount++, MemorySegment.ofBuffer(src).address(), src.remaining());
                requested += src.remaining();
            }
        }
        long written;
        try {
            do {
                written = Libc.pwritev(fd, scratch.iovecs(), iovecCount, offset);
            } while (written == -Errno.EINTR);
        } finally {
            Reference.reachabilityFence(srcs);
        }
        if (written <= 0) {
            throw failure("cannot write", requested, offset, written);
        }
        long left = written;
        for (int i = first; left > 0; i++) {
            int step = (int) Math.min(left, srcs[i].remaining());
            srcs[i].position(srcs[i].position() + step);
            left -= step;
        }
        return written;
    }

    @Override
    public void sync() throws IOException {
        int result;
        do {
            // EINTR says that the call was given up, not that it failed: it has reported no lost write.
            result = Libc.fdatasync(fd);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw new IOException("cannot sync " + name + ": " + Errno.describe(-result));
        }
    }

    @Override
    public long size() throws IOException {
        // No other method uses the file position that this moves.
        long size = Libc.lseek(fd, 0, SEEK_END);
        if (size < 0) {
            throw failure("cannot find the size of " + name, size);
        }
        return size;
    }

    @Override
    public void setSize(long size) throws IOException {
        checkWritable();
        checkSize(size);
        int result;
        do {
            result = Libc.ftruncate(fd, size);
        } while (result == -Errno.EINTR);
        if (result < 0) {
            throw failure("cannot set the size of " + name + " to " + size + " bytes", result);
        }
    }

    @Override
    public void punchHole(long offset, long length) throws IOException {
        long lengthInFile = lengthInFile(offset, length);
        if (lengthInFile > 0 && !space.punch(fd, offset, lengthInFile)) {
            writeZeros(offset, lengthInFile);
        }
    }

    @Override
    public void zeroRange(long offset, long length) throws IOException {
        long lengthInFile = lengthInFile(offset, length);
        if (lengthInFile > 0 && !space.zero(fd, offset, lengthInFile)) {
            writeZeros(offset, lengthInFile);
        }
    }

    @Override
    public void reserve(long offset, long length) throws IOException {
        checkWritable();
        checkRange(offset, length);
        if (length > 0) {
            // A file system that cannot reserve has no such notion, and the contract asks for nothing then.
            boolean ignored = space.reserve(fd, offset, length);
        }
    }

    @Override
    public boolean zeroesFast() {
        return space.zeroesFast();
    }

    @Override
    public long nextData(long offset) throws IOException {
        checkRange(offset, 0);
        long found = Libc.lseek(fd, offset, SEEK_DATA);
        if (found >= 0) {
            return found;
        }
        long size = size();
        return switch ((int) -found) {
            case Errno.ENXIO -> size;
            case Errno.EINVAL, Errno.EOPNOTSUPP -> Math.min(offset, size);
            default -> throw failure("cannot look for data at offset " + offset + " of " + name, found);
        };
    }

    @Override
    public synchronized void close() throws IOException {
        int closing = fd;
        if (closing == CLOSED) {
            return;
        }
        fd = CLOSED;
        ImageLock.drop(closing);
        // Never repeated: Linux gives the descriptor free even where close fails, and its number may be in use again.
        int result = Libc.close(closing);
        if (result < 0) {
            throw failure("cannot close " + name, result);
        }
    }

    private IOException failure(String what, long length, long offset, long result) {
        return failure(what + " " + length + " bytes at offset " + offset + " of " + name, result);
    }

    private static IOException failure(String what, long result) {
        return Errno.failure(what, (int) -result);
    }
}
