package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Objects;

/** What the storages that are files have in common: the checks of arguments, and the making of zeros by writing them. */
abstract sealed class FileStorage implements Storage permits LinuxStorage, ChannelStorage {
    private static final int ZEROS_BYTES = 1024 * 1024;
    private static final ByteBuffer ZEROS =
            ByteBuffer.allocateDirect(ZEROS_BYTES).asReadOnlyBuffer();

    /** The path, for messages. */
    final String name;

    private final boolean writable;

    FileStorage(String name, boolean writable) {
        this.name = name;
        this.writable = writable;
    }

    @Override
    public final boolean isWritable() {
        return writable;
    }

    final void writeZeros(long offset, long length) throws IOException {
        long done = 0;
        while (done < length) {
            int sliceBytes = (int) Math.min(ZEROS_BYTES, length - done);
            write(ZEROS.slice(0, sliceBytes), offset + done);
            done += sliceBytes;
        }
    }

    /** How much of a range lies within the file. */
    final long lengthInFile(long offset, long length) throws IOException {
        checkWritable();
        checkRange(offset, length);
        return Math.clamp(size() - offset, 0, length);
    }

    final void checkWritable() {
        if (!writable) {
            throw new IllegalStateException(name + " was opened for reading only");
        }
    }

    static void checkDestination(ByteBuffer dst, long offset) {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        checkRange(offset, dst.remaining());
    }

    static void checkRange(long offset, long length) {
        Objects.checkFromIndexSize(offset, length, Long.MAX_VALUE);
    }

    static void checkSize(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " (expected: not negative)");
        }
    }

    static long totalRemaining(ByteBuffer[] buffers) {
        long total = 0;
        for (ByteBuffer buffer : buffers) {
            total += buffer.remaining();
        }
        return total;
    }
}
