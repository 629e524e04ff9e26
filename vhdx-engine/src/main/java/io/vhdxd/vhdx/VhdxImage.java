package io.vhdxd.vhdx;

import io.vhdxd.vhdx.request.ImageRequest;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * An open image.
 *
 * <p>A caller that must not block, such as an event loop, tries {@link #tryRead} and {@link #tryWrite} first. When they
 * answer false, a read goes to {@link #read} on a thread that may wait, and everything that changes the image goes to {@link
 * #submit}: the image's writer carries it out and tells its completion. Whatever was reported complete is seen by every
 * later call, on any thread.
 *
 * <p>Every method may be called from any thread. Ranges must lie inside the virtual disk; {@link
 * IndexOutOfBoundsException} otherwise.
 */
@SuppressWarnings("DoNotCallSuggester")
public final class VhdxImage implements Closeable {
    private VhdxImage() {}

    /**
     * Opens an image. A dirty log is replayed: to the file if it is opened for writing, in memory otherwise.
     *
     * @throws io.vhdxd.vhdx.diagnosis.CorruptImageException if there is no safe reading of the image
     * @throws io.vhdxd.vhdx.diagnosis.UnsupportedImageException if it needs something that this version does not do
     * @throws io.vhdxd.vhdx.diagnosis.ReadOnlyImageException if it can be opened, but only for reading
     * @throws io.vhdxd.vhdx.storage.FileInUseException if another opener stands in the way
     */
    public static VhdxImage open(Path file, Access access) throws IOException {
        throw new IOException("not built yet: " + file + access);
    }

    public ImageInfo info() {
        throw new IllegalStateException();
    }

    /** Tells the extents of a range from the block map, without I/O. */
    public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
        throw new IllegalStateException();
    }

    /**
     * Reads as many bytes as {@code dst} has room for, if that takes no waiting.
     *
     * @return false if it would have to wait; {@code dst} then has its old position and undefined content
     */
    public boolean tryRead(long offsetBytes, ByteBuffer dst) throws IOException {
        throw new IOException();
    }

    /** Reads as many bytes as {@code dst} has room for, waiting for the device if need be. */
    public void read(long offsetBytes, ByteBuffer dst) throws IOException {
        throw new IOException();
    }

    /**
     * Overwrites blocks that are present, on the caller's thread. The data has been handed to the kernel when this
     * returns true (promise R1); it survives loss of power after the next flush.
     *
     * @return false if the range touches a block that has no space of its own yet, or if this is the first change since the
     *     image was opened: the caller has to {@link #submit} a write; nothing was changed, and the buffers are as they
     *     were
     */
    public boolean tryWrite(long offsetBytes, ByteBuffer[] srcs) throws IOException {
        throw new IOException();
    }

    /** Hands a request to the writer. Its completion is told even if the image fails or closes. */
    public void submit(ImageRequest request) {
        throw new IllegalStateException();
    }

    /**
     * Carries out what was submitted, makes everything durable, marks the image clean and closes it. If the image has
     * failed it is closed as it is, to be replayed at its next opening.
     *
     * @throws IOException if anything that was complete may not be durable
     */
    @Override
    public void close() throws IOException {
        throw new IOException();
    }
}
