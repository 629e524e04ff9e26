package io.vhdxd.vhdx.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * One open file with positional access. Every method may be called from any thread at any time; there is no file
 * position, and no method can be interrupted. Offsets and lengths are in bytes.
 *
 * <p>Buffers should be direct: others are copied. A buffer's position moves past what was transferred.
 *
 * <p>A range that is negative or ends beyond {@link Long#MAX_VALUE} gives an {@link IndexOutOfBoundsException}, a change of
 * a file that was opened for reading an {@link IllegalStateException}.
 *
 * <p>An {@link IOException} of a write, a sync or a size change leaves open how much of it was done; the caller decides
 * what that means. {@link NoSpaceException} says that the file system is full and that the same call may succeed later.
 */
public interface Storage extends Closeable {
    /**
     * Reads into {@code dst} until it is full or the file ends.
     *
     * @return the number of bytes read, less than {@code dst.remaining()} only where the file ends; never negative
     */
    int read(ByteBuffer dst, long offset) throws IOException;

    /**
     * Reads what can be had without waiting for the device, for callers that must not block. Where the machine cannot
     * tell, nothing is read.
     *
     * @return the number of bytes read; less than {@code dst.remaining()}, possibly 0, where the rest would have to be
     *     waited for or the file ends: {@link #read} then tells which
     */
    int readCached(ByteBuffer dst, long offset) throws IOException;

    /** Writes all of {@code src}; the data has been handed to the kernel when this returns. The file grows if need be. */
    void write(ByteBuffer src, long offset) throws IOException;

    /**
     * Writes the buffers' remaining bytes one after the other from {@code offset} on, as one gathering write where the
     * machine has that.
     */
    void write(ByteBuffer[] srcs, long offset) throws IOException;

    /**
     * Makes every write, size change and hole that was finished before this call durable against loss of power. After
     * a failure nothing is known about any of them, and a later success does not change that (promise R4). So a failure is
     * never a {@link NoSpaceException}, also where the file system has found no space for what was written before.
     */
    void sync() throws IOException;

    /** The file's size. */
    long size() throws IOException;

    /** Cuts the file or extends it by bytes that read as zero. */
    void setSize(long size) throws IOException;

    /**
     * Makes the range read as zeros and gives its space back to the file system where that is possible; zeros are
     * written where it is not. The file's size does not change; the part of the range beyond it is ignored.
     */
    void punchHole(long offset, long length) throws IOException;

    /**
     * Makes the range read as zeros and keeps its space, or reserves it where it had none, so that later writes to it do not
     * fail for want of space. The file's size does not change; the part of the range beyond it is ignored.
     */
    void zeroRange(long offset, long length) throws IOException;

    /**
     * Reserves space for the range and leaves its content as it is, so that writes to it do not fail for want of
     * space. Does nothing where the file system has no such notion. The file's size does not change.
     */
    void reserve(long offset, long length) throws IOException;

    /** Whether {@link #punchHole} and {@link #zeroRange} work without writing every byte. */
    boolean zeroesFast();

    /**
     * The first offset at or after {@code offset} that may hold anything but zeros of a hole; the file's size if there is
     * none. Where the file system cannot tell, {@code offset} itself.
     */
    long nextData(long offset) throws IOException;

    /** Whether the file was opened for writing. */
    boolean isWritable();

    /** Closes the file and drops its lock. Must not be called while another call is running or may still come. */
    @Override
    void close() throws IOException;
}
