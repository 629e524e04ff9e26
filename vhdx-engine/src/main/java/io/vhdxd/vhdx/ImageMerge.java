package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentLayer;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.edit.LocatorChange;
import io.vhdxd.vhdx.edit.Progress;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Writes what a child holds into its parent, which then is what the child was.
 *
 * <p>The order, in which nothing that the child reads ever changes:
 *
 * <ol>
 *   <li>The child's locator gets, as its second linkage, the DataWriteGuid that the parent is going to have ([MS-VHDX]
 *       2.6.2.6.3): durably.
 *   <li>The parent is opened with that GUID as the one of its next session, and what the child holds is written to it. A
 *       sector that is written is one that the child does not read from its parent, so both parents, the old one and any that
 *       a crash leaves, are right for the child; and both are accepted.
 *   <li>The parent is closed: all is durable. Only then the child's locator names the new GUID alone, or the child is
 *       removed.
 * </ol>
 *
 * <p>Killed at any moment, the child reads as before, and the merge can be done again. Other children of the parent are not
 * children of what it becomes: they cannot be opened any more.
 *
 * @param parent the file that has it all now
 * @param copiedBytes what was read from the child, and written
 * @param zeroedBytes what was made to read as zeros, as it does in the child
 * @param parentWasLarger whether the parent's disk is larger than that of the child; it stays so
 */
public record ImageMerge(Path parent, long copiedBytes, long zeroedBytes, boolean parentWasLarger) {

    /**
     * Merges a child into its parent.
     *
     * @param search where the parent is; a parent that is not the one that the child was made from is never taken
     * @param deleteChild whether to remove the child's file when the parent is durable
     * @throws io.vhdxd.vhdx.diagnosis.ParentUnavailableException if the parent, or one further down, cannot be used
     * @throws io.vhdxd.vhdx.diagnosis.ReadOnlyImageException if the child or the parent must not be changed
     * @throws io.vhdxd.vhdx.storage.FileInUseException if another opener of either stands in the way
     * @throws IOException if anything fails; the child reads as before
     */
    public static ImageMerge merge(Path child, ParentSearch search, boolean deleteChild, Progress progress)
            throws IOException {
        if (search.ignoreParentId()) {
            throw new UnsupportedImageException(child + ": a merge needs the very parent that the child was made from");
        }
        try (Storage storage = Storages.open(child, true)) {
            LoadedImage loaded = loadChild(storage, child.toString());
            Path parent;
            try (ParentChain chain = ParentChain.open(loaded, child, search, new Findings())) {
                parent = chain.layers().getFirst().file();
            }
            Storage parentStorage = Storages.open(parent, true);
            ImageMerge outcome = merge(
                    new Child(storage, child.toString(), loaded),
                    parentStorage,
                    parent,
                    (image, findings) -> ParentChain.open(image, parent, search.beyondFirst(), findings),
                    UUID::randomUUID,
                    progress);
            if (deleteChild) {
                Storages.delete(child);
            }
            return outcome;
        }
    }

    /** A child that is open for writing, without anything to replay. */
    record Child(Storage storage, String name, LoadedImage image) {
        ParentLocator locator() {
            return Objects.requireNonNull(image.items().parentLocator());
        }
    }

    /** Loads a child, and replays its log. */
    static LoadedImage loadChild(Storage storage, String name) throws IOException {
        Findings findings = new Findings();
        LoadedImage image = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        if (!image.hasParent()) {
            throw new UnsupportedImageException(name + " has no parent (expected: a differencing image)");
        }
        VhdxImage.requireWritable(name, findings);
        return image.needsReplay() ? image.replay(storage, UUID.randomUUID()) : image;
    }

    /**
     * Merges a child into a parent that is open for writing, and closes the parent.
     *
     * @param grandparents opens the parents of the parent
     */
    static ImageMerge merge(
            Child child,
            Storage parentStorage,
            Path parentFile,
            VhdxImage.ParentOpener grandparents,
            Supplier<UUID> newGuid,
            Progress progress)
            throws IOException {
        LoadedImage parent;
        UUID nextGuid;
        try {
            Findings findings = new Findings();
            parent = ImageLoader.load(parentStorage, LoadOptions.STRICT, findings);
            VhdxImage.requireWritable(parentFile.toString(), findings);
            nextGuid = announce(child, parent, parentFile, newGuid);
        } catch (IOException | RuntimeException | Error e) {
            VhdxImage.closeAfter(e, parentStorage);
            throw e;
        }
        ImageLayers layers =
                ImageLayers.of(child.name, child.image, List.of(new ParentLayer(parentFile, parentStorage, parent)));
        long childSize = child.image.geometry().virtualSizeBytes();
        long parentSize = parent.geometry().virtualSizeBytes();
        MergeCopy copy = new MergeCopy(layers, childSize, progress);
        // Where all that was asked for is so already, the parent stays as it is, and keeps its identity.
        AtomicReference<UUID> reached =
                new AtomicReference<>(parent.headers().current().dataWriteGuid());
        Supplier<UUID> newDataWriteGuid = () -> {
            reached.set(nextGuid);
            return nextGuid;
        };
        try (VhdxImage target = VhdxImage.open(
                parentStorage, parentFile.toString(), Access.READ_WRITE, grandparents, newDataWriteGuid)) {
            copy.run(target);
        }
        LoadedImage childNow = loadChild(child.storage, child.name);
        LocatorChange.write(
                child.storage,
                childNow,
                Objects.requireNonNull(childNow.items().parentLocator()).linkedTo(reached.get()),
                header -> header,
                newGuid);
        return new ImageMerge(parentFile, copy.copiedBytes(), copy.zeroedBytes(), parentSize > childSize);
    }

    /** Lets the child accept the parent as it is going to be. Returns the GUID that it has to have then. */
    private static UUID announce(Child child, LoadedImage parent, Path parentFile, Supplier<UUID> newGuid)
            throws IOException {
        UUID found = parent.headers().current().dataWriteGuid();
        ParentLocator locator = child.locator();
        if (found.equals(locator.linkage())) {
            UUID next = newGuid.get();
            LocatorChange.write(child.storage, child.image, locator.alsoLinkedTo(next), header -> header, newGuid);
            return next;
        }
        if (found.equals(locator.linkage2())) {
            // A merge was begun before: it goes on under the same GUID.
            return found;
        }
        throw new UnsupportedImageException(parentFile + " has the DataWriteGuid " + found + ", expected "
                + locator.linkage() + ": it was changed after its child was made, or is another image");
    }
}
