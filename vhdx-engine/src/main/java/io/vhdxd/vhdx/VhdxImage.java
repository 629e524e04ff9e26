package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.ImageClosedException;
import io.vhdxd.vhdx.diagnosis.ReadOnlyImageException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.AccessGate;
import io.vhdxd.vhdx.measure.ImageObserver;
import io.vhdxd.vhdx.measure.ReplayEvent;
import io.vhdxd.vhdx.measure.WriterState;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.Extents;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import io.vhdxd.vhdx.write.ImageWriter;
import io.vhdxd.vhdx.write.WritableChild;
import io.vhdxd.vhdx.write.WritableImage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
public final class VhdxImage implements Closeable {
    /** While a close waits for reads and overwrites to end, it looks so often. */
    private static final long CLOSE_POLL_NANOS = 50_000;

    private final Storage storage;
    private final ImageInfo info;
    private final AccessGate gate = new AccessGate();
    private final BlockReader reader;
    private final Extents extents;
    private final ParentChain parents;
    private final @Nullable ImageWriter writer;
    private final AtomicBoolean closing = new AtomicBoolean();

    private VhdxImage(
            Storage storage,
            String name,
            LoadedImage loaded,
            ParentChain parents,
            ImageInfo info,
            Access access,
            Supplier<UUID> newDataWriteGuid) {
        this.storage = storage;
        this.info = info;
        this.parents = parents;
        ImageLayers layers = ImageLayers.of(name, loaded, parents.layers());
        this.reader = layers.reader();
        this.extents = layers.extents();
        if (access == Access.READ_WRITE && loaded.hasParent() && layers.writableChild() == null) {
            throw new IllegalArgumentException(name + " has a parent, and was opened without it");
        }
        this.writer = access == Access.READ_ONLY
                ? null
                : ImageWriter.start(
                        writable(storage, name, loaded, info, layers.writableChild()), gate, newDataWriteGuid);
    }

    /**
     * Opens an image, and its parents where it says that they are, if that is in its own directory.
     *
     * @see #open(Path, Access, ParentSearch)
     */
    public static VhdxImage open(Path file, Access access) throws IOException {
        return open(file, access, ParentSearch.DEFAULT);
    }

    /**
     * Opens an image. A dirty log is replayed: to the file if it is opened for writing, in memory otherwise. Its parents
     * are opened for reading, and stay as they are.
     *
     * @throws io.vhdxd.vhdx.diagnosis.ParentUnavailableException if a parent cannot be used
     * @throws io.vhdxd.vhdx.diagnosis.CorruptImageException if there is no safe reading of the image
     * @throws io.vhdxd.vhdx.diagnosis.UnsupportedImageException if it needs something that this version does not do
     * @throws ReadOnlyImageException if it can be opened, but only for reading
     * @throws io.vhdxd.vhdx.storage.FileInUseException if another opener stands in the way
     */
    public static VhdxImage open(Path file, Access access, ParentSearch search) throws IOException {
        Storage storage = Storages.open(file, access == Access.READ_WRITE);
        try {
            return open(
                    storage,
                    file.toString(),
                    access,
                    (loaded, findings) -> ParentChain.open(loaded, file, search, findings));
        } catch (IOException | RuntimeException | Error e) {
            closeAfter(e, storage);
            throw e;
        }
    }

    /** Opens the parents of an image that was loaded. */
    interface ParentOpener {
        ParentChain open(LoadedImage loaded, Findings findings) throws IOException;
    }

    /**
     * Opens an image on a storage, which is closed with the image.
     *
     * @param name for threads and errors
     */
    static VhdxImage open(Storage storage, String name, Access access, ParentOpener opener) throws IOException {
        return open(storage, name, access, opener, UUID::randomUUID);
    }

    /** @param newDataWriteGuid gives the DataWriteGuid that the image has from its first change on */
    static VhdxImage open(
            Storage storage, String name, Access access, ParentOpener opener, Supplier<UUID> newDataWriteGuid)
            throws IOException {
        Findings findings = new Findings();
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        ParentChain parents = opener.open(loaded, findings);
        try {
            LogState logState = LogState.of(loaded, access);
            if (access == Access.READ_WRITE) {
                loaded = writable(storage, name, loaded, findings);
            }
            ImageInfo info = ImageInfo.of(loaded, parents, logState, findings);
            return new VhdxImage(storage, name, loaded, parents, info, access, newDataWriteGuid);
        } catch (IOException | RuntimeException | Error e) {
            closeAfter(e, parents);
            throw e;
        }
    }

    public ImageInfo info() {
        return info;
    }

    /** The size of the disk at this moment; {@link ImageInfo#virtualSizeBytes} is the one that it had at the opening. */
    public long virtualSizeBytes() {
        return writer == null ? info.virtualSizeBytes() : writer.virtualSizeBytes();
    }

    /** Whether the image was opened for reading only. */
    public boolean isReadOnly() {
        return writer == null;
    }

    /** Why the image takes no changes any more (promise R4); null if nothing has failed. */
    public @Nullable Throwable failure() {
        return writer == null ? null : writer.health().cause();
    }

    /** How things are with the image's writer; null if the image is open for reading only. Any thread. */
    public @Nullable WriterState writerState() {
        return writer == null ? null : writer.state();
    }

    /** Tells somebody, in place of who was told before, what the image's writer does from now on. */
    public void observe(ImageObserver observer) {
        if (writer != null) {
            writer.observe(observer);
        }
    }

    /**
     * Tells the extents of a range, if that takes no waiting. It never does for an image without a parent.
     *
     * @return false if it would have to wait for a sector bitmap; some extents may have been told then
     */
    public boolean tryExtents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) throws IOException {
        return extents(offsetBytes, lengthBytes, visitor, false);
    }

    /** Tells the extents of a range, waiting for the device if need be. */
    public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) throws IOException {
        boolean complete = extents(offsetBytes, lengthBytes, visitor, true);
        assert complete;
    }

    private boolean extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor, boolean mayWait)
            throws IOException {
        checkRange(offsetBytes, lengthBytes);
        int access = enter();
        try {
            return extents.visit(
                    offsetBytes,
                    lengthBytes,
                    (offset, length, present, depth) ->
                            visitor.extent(offset, length, present ? ExtentKind.DATA : ExtentKind.HOLE, depth),
                    mayWait);
        } finally {
            gate.exit(access);
        }
    }

    /**
     * Reads as many bytes as {@code dst} has room for, if that takes no waiting.
     *
     * @return false if it would have to wait; {@code dst} then has its old position and undefined content
     */
    public boolean tryRead(long offsetBytes, ByteBuffer dst) throws IOException {
        checkRange(offsetBytes, dst.remaining());
        int access = enter();
        try {
            return reader.tryRead(offsetBytes, dst);
        } finally {
            gate.exit(access);
        }
    }

    /** Reads as many bytes as {@code dst} has room for, waiting for the device if need be. */
    public void read(long offsetBytes, ByteBuffer dst) throws IOException {
        checkRange(offsetBytes, dst.remaining());
        int access = enter();
        try {
            reader.read(offsetBytes, dst);
        } finally {
            gate.exit(access);
        }
    }

    /**
     * Overwrites blocks that are present, on the caller's thread. The data has been handed to the kernel when this
     * returns true (promise R1); it survives loss of power after the next flush. The buffers' positions do not move.
     *
     * @return false if the range touches a block that has no space of its own, or if this is the first change since the
     *     image was opened: the caller has to {@link #submit} a write of the same bytes, some of which may have been
     *     written already
     * @throws ReadOnlyImageException if the image is open for reading only
     * @throws io.vhdxd.vhdx.diagnosis.ImageFailedException if the image takes no changes any more
     */
    public boolean tryWrite(long offsetBytes, ByteBuffer[] srcs) throws IOException {
        long lengthBytes = 0;
        for (ByteBuffer src : srcs) {
            lengthBytes += src.remaining();
        }
        checkRange(offsetBytes, lengthBytes);
        ImageWriter present = requireWriter();
        int access = enter();
        try {
            return present.overwrites().tryWrite(offsetBytes, srcs, lengthBytes);
        } finally {
            gate.exit(access);
        }
    }

    /** Hands a request to the writer. Its completion is told even if the image fails or closes. */
    public void submit(ImageRequest request) {
        checkRange(request.offsetBytes(), request.lengthBytes());
        if (writer == null) {
            request.complete(new ReadOnlyImageException("the image is open for reading only"));
        } else {
            writer.submit(request);
        }
    }

    /**
     * Carries out what was submitted, makes everything durable, marks the image clean and closes it. If the image has
     * failed it is closed as it is, to be replayed at its next opening. A second close does nothing.
     *
     * @throws IOException if anything that was complete may not be durable
     */
    @Override
    public void close() throws IOException {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        // From here on nobody begins to read or overwrite; who has begun is waited for.
        while (!gate.isIdle()) {
            LockSupport.parkNanos(CLOSE_POLL_NANOS);
        }
        try (storage;
                parents) {
            if (writer != null) {
                writer.close();
            }
        }
    }

    /** Begins an access; close waits for its end. */
    private int enter() throws ImageClosedException {
        int access = gate.enter();
        if (closing.get()) {
            gate.exit(access);
            throw new ImageClosedException("the image is closed");
        }
        return access;
    }

    private ImageWriter requireWriter() throws ReadOnlyImageException {
        if (writer == null) {
            throw new ReadOnlyImageException("the image is open for reading only");
        }
        return writer;
    }

    private void checkRange(long offsetBytes, long lengthBytes) {
        Objects.checkFromIndexSize(offsetBytes, lengthBytes, virtualSizeBytes());
    }

    /**
     * Makes sure that a loaded image may be changed, and replays its log to the file.
     *
     * @throws ReadOnlyImageException if it must not
     */
    static LoadedImage writable(Storage storage, String name, LoadedImage loaded, Findings findings)
            throws IOException {
        requireWritable(name, findings);
        return loaded.needsReplay() ? replayed(storage, name, loaded) : loaded;
    }

    private static LoadedImage replayed(Storage storage, String name, LoadedImage loaded) throws IOException {
        ReplayEvent event = new ReplayEvent();
        event.begin();
        LoadedImage replayed = loaded.replay(storage, UUID.randomUUID());
        event.image = name;
        event.entryCount = LogState.of(loaded, Access.READ_WRITE).entryCount();
        event.pageCount = loaded.replayedPageCount();
        event.commit();
        return replayed;
    }

    /** Makes sure that nothing was found that forbids changes. */
    static void requireWritable(String name, Findings findings) throws ReadOnlyImageException {
        for (Finding finding : findings.kept()) {
            if (finding.severity() == Severity.READ_ONLY) {
                throw new ReadOnlyImageException(name + " can only be opened for reading: " + finding);
            }
        }
        if (findings.worst() == Severity.READ_ONLY) {
            throw new ReadOnlyImageException(name + " can only be opened for reading; see what a check of it finds");
        }
    }

    private static WritableImage writable(
            Storage storage, String name, LoadedImage loaded, ImageInfo info, @Nullable WritableChild child) {
        return new WritableImage(
                name,
                storage,
                loaded.geometry(),
                info.type() == DiskType.FIXED,
                loaded.headers(),
                loaded.blockMap(),
                loaded.spaceMap(),
                loaded.presentBlockCount(),
                loaded.regions().bat(),
                loaded.regions().metadata(),
                loaded.fileSizeBytes(),
                child);
    }

    /** Closes what belongs to an image that could not be opened. */
    static void closeAfter(Throwable failure, Closeable opened) {
        try {
            opened.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
