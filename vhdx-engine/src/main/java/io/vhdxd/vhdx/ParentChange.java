package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentLayer;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.chain.PathMapping;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.edit.LocatorChange;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * Lets a differencing image name another file as its parent: one that was moved or renamed, or, if that is asked for, one that
 * is not what the image was made from.
 *
 * @param parent the file
 * @param locator what the image says of its parent now, in the terms of [MS-VHDX] 2.6.2.6.3
 * @param identityChanged whether it is not the parent that the image was made from, or was changed since
 */
public record ParentChange(Path parent, Map<String, String> locator, boolean identityChanged) {
    public ParentChange {
        locator = Map.copyOf(locator);
    }

    /**
     * Does it, in one step that a crash leaves done or not done. The parent, and its own parents, are only read.
     *
     * @param search its first parent is the one to be named; its mappings say by which Windows path the parent is named
     *     beside the relative one
     * @throws io.vhdxd.vhdx.diagnosis.ParentUnavailableException if it cannot be the parent; the image is as it was
     */
    public static ParentChange make(Path child, ParentSearch search) throws IOException {
        if (search.parents().isEmpty()) {
            throw new IllegalArgumentException("no parent was named");
        }
        try (Storage storage = Storages.open(child, true)) {
            LoadedImage image = ImageMerge.loadChild(storage, child.toString());
            Path parent;
            UUID parentGuid;
            try (ParentChain chain = ParentChain.open(image, child, search, new Findings())) {
                ParentLayer layer = chain.layers().getFirst();
                parent = layer.file();
                parentGuid = layer.loaded().headers().current().dataWriteGuid();
            }
            ParentLocator old = Objects.requireNonNull(image.items().parentLocator());
            boolean known = parentGuid.equals(old.linkage()) || parentGuid.equals(old.linkage2());
            ParentLocator locator = locator(child, parent, parentGuid, search.mappings());
            // What the image reads may be something else from now on.
            UnaryOperator<Header> change = header -> known ? header : header.withDataWriteGuid(UUID.randomUUID());
            LocatorChange.write(storage, image, locator, change, UUID::randomUUID);
            return new ParentChange(parent, locator.entries(), !known);
        }
    }

    private static ParentLocator locator(Path child, Path parent, UUID parentGuid, List<PathMapping> mappings)
            throws IOException {
        Path directory = Objects.requireNonNull(child.toAbsolutePath().getParent());
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put(ParentLocator.PARENT_LINKAGE, ParentLocator.linkageText(parentGuid));
        entries.put(ParentLocator.RELATIVE_PATH, ChildCreation.relativePath(directory.toRealPath(), parent));
        for (PathMapping mapping : mappings) {
            Path mapped = mapping.directory().toRealPath();
            if (parent.startsWith(mapped)) {
                entries.putIfAbsent(ParentLocator.ABSOLUTE_WIN32_PATH, windowsPath(mapping, mapped.relativize(parent)));
            }
        }
        return new ParentLocator(entries);
    }

    private static String windowsPath(PathMapping mapping, Path below) {
        StringBuilder text = new StringBuilder(mapping.windowsDirectory());
        for (Path component : below) {
            text.append(text.toString().endsWith("\\") ? "" : "\\").append(component);
        }
        return text.toString();
    }
}
