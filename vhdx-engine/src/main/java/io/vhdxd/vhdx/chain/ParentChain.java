package io.vhdxd.vhdx.chain;

import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * The open parents of an image, the nearest first. They are open for reading and locked against writers: nothing is ever
 * written to a parent, a dirty log of one is replayed in memory.
 */
public final class ParentChain implements Closeable {
    /** An image may have so many parents, one behind the other. */
    public static final int DEPTH_MAX = 64;

    private final List<ParentLayer> layers = new ArrayList<>();

    private ParentChain() {}

    /** The chain of an image without a parent. */
    public static ParentChain none() {
        return new ParentChain();
    }

    /**
     * Opens all parents of an image.
     *
     * @param image as it was loaded from {@code file}
     * @param findings is told what is wrong with the parents without keeping them from being read
     * @throws ParentUnavailableException if one of them cannot be used; none is left open
     */
    public static ParentChain open(LoadedImage image, Path file, ParentSearch search, Findings findings)
            throws IOException {
        ParentChain chain = new ParentChain();
        try {
            chain.openAll(image, file, search, findings);
            return chain;
        } catch (IOException | RuntimeException | Error e) {
            chain.closeAfter(e);
            throw e;
        }
    }

    private void openAll(LoadedImage image, Path file, ParentSearch search, Findings findings) throws IOException {
        Set<Object> identities = new HashSet<>();
        identities.add(identityOf(file.toRealPath()));
        LoadedImage child = image;
        Path childFile = file;
        while (child.hasParent()) {
            if (layers.size() == DEPTH_MAX) {
                throw new ParentUnavailableException(
                        file + " has more than " + DEPTH_MAX + " parents, one behind the other");
            }
            ParentLayer parent = openParent(child, childFile, search, identities, findings);
            child = parent.loaded();
            childFile = parent.file();
        }
    }

    private ParentLayer openParent(
            LoadedImage child, Path childFile, ParentSearch search, Set<Object> identities, Findings findings)
            throws ParentUnavailableException {
        ParentLocator locator = Objects.requireNonNull(child.items().parentLocator());
        List<Candidate> candidates = layers.size() < search.parents().size()
                ? List.of(Candidate.given(search.parents().get(layers.size())))
                : Candidate.of(locator, childFile, search);
        List<String> tried = new ArrayList<>();
        for (Candidate candidate : candidates) {
            try {
                Path file = candidate.place().find();
                ParentLayer layer = open(file, child, search.ignoreParentId(), identities, findings);
                identities.add(identityOf(file));
                layers.add(layer);
                return layer;
            } catch (NoSuchFileException e) {
                tried.add(candidate.origin() + ": " + describe(e, "no such file"));
            } catch (IOException e) {
                tried.add(candidate.origin() + ": " + describe(e, "cannot be opened"));
            }
        }
        throw new ParentUnavailableException(
                childFile + ": its parent cannot be opened; tried " + String.join("; ", tried));
    }

    private static String describe(IOException e, String fallback) {
        String message = e.getMessage();
        return message == null || message.isBlank() ? fallback : message;
    }

    private static ParentLayer open(
            Path file, LoadedImage child, boolean ignoreParentId, Set<Object> identities, Findings findings)
            throws IOException {
        if (identities.contains(identityOf(file))) {
            throw new UnsupportedImageException(file + " is in the chain already: a loop");
        }
        Storage storage = Storages.open(file, false);
        try {
            Findings own = new Findings();
            LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, own);
            verify(file, loaded, child, ignoreParentId, findings);
            for (Finding finding : own.kept()) {
                // What would keep the parent from being written to does not concern its child.
                Severity severity = finding.severity() == Severity.READ_ONLY ? Severity.WARNING : finding.severity();
                findings.add(
                        severity,
                        "parent " + file + ": " + finding.structure(),
                        finding.fileOffsetBytes(),
                        finding.problem());
            }
            return new ParentLayer(file, storage, loaded);
        } catch (IOException | RuntimeException | Error e) {
            closeAfter(e, storage);
            throw e;
        }
    }

    /** Whether this is the parent that the child was made from, as it was then. */
    private static void verify(
            Path file, LoadedImage parent, LoadedImage child, boolean ignoreParentId, Findings findings)
            throws UnsupportedImageException {
        int parentSector = parent.geometry().logicalSectorSizeBytes();
        int childSector = child.geometry().logicalSectorSizeBytes();
        if (parentSector != childSector) {
            throw new UnsupportedImageException(file + " has logical sectors of " + parentSector + " bytes, expected "
                    + childSector + " as its child has");
        }
        ParentLocator locator = Objects.requireNonNull(child.items().parentLocator());
        UUID found = parent.headers().current().dataWriteGuid();
        if (found.equals(locator.linkage())) {
            return;
        }
        if (found.equals(locator.linkage2())) {
            findings.readOnly(
                    "parent locator",
                    -1,
                    "a merge into the parent " + file + " was begun and not finished (" + ParentLocator.PARENT_LINKAGE_2
                            + " matches)");
            return;
        }
        String problem = file + " has the DataWriteGuid " + found + ", expected " + locator.linkage()
                + ": it was changed after its child was made, or is another image";
        if (!ignoreParentId) {
            throw new UnsupportedImageException(problem);
        }
        findings.readOnly("parent locator", -1, problem + "; ignored");
    }

    /** What tells a file from all others, whatever its name. */
    private static Object identityOf(Path realFile) throws IOException {
        Object key = Files.readAttributes(realFile, BasicFileAttributes.class).fileKey();
        return key == null ? realFile : key;
    }

    /** The parents, the nearest first. */
    public List<ParentLayer> layers() {
        return List.copyOf(layers);
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (ParentLayer layer : layers) {
            try {
                layer.storage().close();
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        layers.clear();
        if (failure != null) {
            throw failure;
        }
    }

    private void closeAfter(Throwable failure) {
        try {
            close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private static void closeAfter(Throwable failure, Storage storage) {
        try {
            storage.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
