package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.edit.Compaction;
import io.vhdxd.vhdx.edit.GuestRange;
import io.vhdxd.vhdx.edit.Progress;
import io.vhdxd.vhdx.edit.Shrink;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * An image that is open to be changed as a whole, with the lock of a writer. Killed at any moment, each change leaves an image
 * that opens, with the content that it had or is to have. After one change it has to be closed. Not thread-safe.
 */
public final class OfflineImage implements Closeable {
    private final Storage storage;
    private final String name;
    private final LoadedImage image;
    private final VhdxImage.ParentOpener parents;
    private boolean handedOver;

    private OfflineImage(Storage storage, String name, LoadedImage image, VhdxImage.ParentOpener parents) {
        this.storage = storage;
        this.name = name;
        this.image = image;
        this.parents = parents;
    }

    /**
     * Opens an image as {@link VhdxImage#open} does for writing; a dirty log is replayed. Its parents are opened when they are
     * needed: to make the disk larger, or to tell what would be lost by making it smaller.
     */
    public static OfflineImage open(Path file, ParentSearch search) throws IOException {
        Storage storage = Storages.open(file, true);
        try {
            return open(
                    storage, file.toString(), (loaded, findings) -> ParentChain.open(loaded, file, search, findings));
        } catch (IOException | RuntimeException | Error e) {
            VhdxImage.closeAfter(e, storage);
            throw e;
        }
    }

    /** Opens an image on a storage, which is closed with it. */
    static OfflineImage open(Storage storage, String name, VhdxImage.ParentOpener parents) throws IOException {
        Findings findings = new Findings();
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        return new OfflineImage(storage, name, VhdxImage.writable(storage, name, loaded, findings), parents);
    }

    /** The size of the virtual disk. */
    public long virtualSizeBytes() {
        return image.geometry().virtualSizeBytes();
    }

    /**
     * Makes the disk larger; what is added reads as zeros.
     *
     * @throws io.vhdxd.vhdx.diagnosis.ParentUnavailableException if a parent cannot be used
     * @throws io.vhdxd.vhdx.diagnosis.UnsupportedImageException if the disk cannot have this size
     */
    public void grow(long newSizeBytes) throws IOException {
        try (VhdxImage opened = VhdxImage.open(storage, name, Access.READ_WRITE, parents)) {
            handedOver = true;
            CompletableFuture<IOException> outcome = new CompletableFuture<>();
            opened.submit(new GrowRequest(newSizeBytes, outcome::complete));
            IOException failure = outcome.join();
            if (failure != null) {
                throw failure;
            }
        }
    }

    /**
     * What the disk holds behind a new end, but for zeros: what {@link #shrink} would lose. What a guest reads from a parent
     * counts as well.
     *
     * @throws IllegalArgumentException if the disk cannot have this size
     * @throws io.vhdxd.vhdx.diagnosis.ParentUnavailableException if a parent cannot be used
     */
    public List<GuestRange> lostByShrinking(long newSizeBytes, Progress progress) throws IOException {
        Shrink shrink = shrinking(newSizeBytes);
        Findings findings = new Findings();
        try (ParentChain chain = parents.open(image, findings)) {
            VhdxImage.requireWritable(name, findings);
            ImageLayers layers = ImageLayers.of(name, image, chain.layers());
            return shrink.lostRanges(layers.reader(), layers.extents(), progress);
        }
    }

    /** Makes the disk smaller, and the file as far as its end is free then. What the disk held behind its new end is lost. */
    public void shrink(long newSizeBytes) throws IOException {
        shrinking(newSizeBytes).run(UUID::randomUUID);
    }

    private Shrink shrinking(long newSizeBytes) {
        Geometry before = image.geometry();
        if (newSizeBytes % before.logicalSectorSizeBytes() != 0 || newSizeBytes > before.virtualSizeBytes()) {
            throw new IllegalArgumentException("new size: " + newSizeBytes + " (expected: a multiple of "
                    + before.logicalSectorSizeBytes() + ", at most " + before.virtualSizeBytes() + ")");
        }
        Geometry smaller = new Geometry(newSizeBytes, before.blockSizeBytes(), before.logicalSectorSizeBytes());
        return new Shrink(storage, image, smaller);
    }

    /**
     * Makes the file smaller; what a guest reads does not change.
     *
     * @param findZeros whether to read all blocks, to give up the space of those that are full of zeros
     */
    public Compaction.Outcome compact(boolean findZeros, Progress progress) throws IOException {
        return new Compaction(storage, image, progress).run(findZeros, UUID::randomUUID);
    }

    @Override
    public void close() throws IOException {
        if (!handedOver) {
            storage.close();
        }
    }
}
