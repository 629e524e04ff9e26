package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file by what every JDK has, for machines without {@link LinuxStorage}. It is as durable, but slower: zeros are
 * written, holes are not seen, and no read can be tried without waiting.
 *
 * <p>Two weaknesses come with the {@link FileChannel}. The interruption of a thread in a call closes the file for all
 * of them, and every later call fails. And on POSIX systems the lock against other processes is lost when anything
 * in this process opens and closes the same file.
 */
final class ChannelStorage extends FileStorage {
    /**
     * Where readers lock. A writer locks the whole file. Readers must get past each other, but one JVM does not let two
     * channels lock the same byte of a file even if they would share it, so each reader takes a byte of its own. The
     * first is the one that tells QEMU's programs not to write (see {@link ImageLock}).
     */
    private static final long FIRST_READER_BYTE = 201;

    private static final int MAX_READERS_IN_PROCESS = 1024;

    private final FileChannel channel;

    private ChannelStorage(FileChannel channel, String name, boolean writable) {
        super(name, writable);
        this.channel = channel;
    }

    static ChannelStorage open(Path file, boolean writable) throws IOException {
        Set<StandardOpenOption> options =
                writable ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE) : Set.of(StandardOpenOption.READ);
        return locked(FileChannel.open(file, options), file, writable);
    }

    static ChannelStorage create(Path file) throws IOException {
        Set<StandardOpenOption> options =
                Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        return locked(FileChannel.open(file, options), file, true);
    }

    private static ChannelStorage locked(FileChannel channel, Path file, boolean writable) throws IOException {
        try {
            FileLock lock = writable ? tryLock(channel, 0, Long.MAX_VALUE, false) : tryLockForReading(channel);
            if (lock == null) {
                throw new FileInUseException(
                        file + " is in use: another opener " + (writable ? "has it open" : "has it open for writing"));
            }
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
        return new ChannelStorage(channel, file.toString(), writable);
    }

    private static @Nullable FileLock tryLockForReading(FileChannel channel) throws IOException {
        FileLock lock = null;
        for (int i = 0; lock == null && i < MAX_READERS_IN_PROCESS; i++) {
            lock = tryLock(channel, FIRST_READER_BYTE + i, 1, true);
        }
        return lock;
    }

    private static @Nullable FileLock tryLock(FileChannel channel, long offset, long length, boolean shared)
            throws IOException {
        try {
            return channel.tryLock(offset, length, shared);
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    @Override
    public int read(ByteBuffer dst, long offset) throws IOException {
        checkDestination(dst, offset);
        int done = 0;
        while (dst.hasRemaining()) {
            int count = channel.read(dst, offset + done);
            if (count < 0) {
                break;
            }
            done += count;
        }
        return done;
    }

    @Override
    public int readCached(ByteBuffer dst, long offset) {
        checkDestination(dst, offset);
        return 0;
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
        checkWritable();
        checkRange(offset, src.remaining());
        long at = offset;
        while (src.hasRemaining()) {
            try {
                at += channel.write(src, at);
            } catch (IOException e) {
                throw withoutSpace(e);
            }
        }
    }

    @Override
    public void write(ByteBuffer[] srcs, long offset) throws IOException {
        checkWritable();
        checkRange(offset, totalRemaining(srcs));
        long at = offset;
        for (ByteBuffer src : srcs) {
            int length = src.remaining();
            write(src, at);
            at += length;
        }
    }

    /** The JDK tells a full disk from other failures by nothing but the operating system's words. */
    private IOException withoutSpace(IOException e) {
        String message = String.valueOf(e.getMessage());
        boolean noSpace = message.contains("No space left")
                || message.contains("not enough space")
                || message.contains("quota exceeded")
                || message.contains("File too large");
        return noSpace ? new NoSpaceException("cannot write to " + name + ": " + message, e) : e;
    }

    @Override
    public void sync() throws IOException {
        // Not every operating system counts the size among the data.
        channel.force(true);
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public void setSize(long size) throws IOException {
        checkWritable();
        checkSize(size);
        if (size > channel.size()) {
            write(ByteBuffer.allocate(1), size - 1);
        } else {
            channel.truncate(size);
        }
    }

    @Override
    public void punchHole(long offset, long length) throws IOException {
        writeZeros(offset, lengthInFile(offset, length));
    }

    @Override
    public void zeroRange(long offset, long length) throws IOException {
        writeZeros(offset, lengthInFile(offset, length));
    }

    @Override
    public void reserve(long offset, long length) {
        checkWritable();
        checkRange(offset, length);
    }

    @Override
    public boolean zeroesFast() {
        return false;
    }

    @Override
    public long nextData(long offset) throws IOException {
        checkRange(offset, 0);
        return Math.min(offset, channel.size());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
