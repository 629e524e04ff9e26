package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.create.ImageLayout;
import io.vhdxd.vhdx.create.NewImage;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileParameters;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.MetadataItem;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.NewFile;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Makes new differencing images, which hold what is written to them and read everything else from their parent.
 *
 * <p>A child gets the metadata of its parent that are about the virtual disk: its identifier, its sector sizes, its size
 * unless another one is given, and users' items of this kind ([MS-VHDX] 2.6.1.2). It names its parent by a path relative to
 * its own directory.
 *
 * @param parent the parent; any type of VHDX image. It must never be written to again
 * @param search where the parents of the parent are
 * @param virtualSizeBytes the size of the child, or 0 for that of its parent; a child that is larger ends with zeros
 * @param blockSizeBytes a power of two from 1 MiB to 256 MiB; need not be that of the parent
 * @param logLengthBytes a multiple of 1 MiB, at most 1 GiB
 */
public record ChildCreation(
        Path parent, ParentSearch search, long virtualSizeBytes, int blockSizeBytes, int logLengthBytes) {
    /** What Windows takes for differencing disks. */
    public static final int BLOCK_SIZE_DEFAULT_BYTES = 2 << 20;

    /** What the items of a new image may take together; the rest of its metadata region is the table. */
    private static final int ITEMS_MAX_BYTES = 960 << 10;

    /**
     * Checks what can be checked without the parent.
     *
     * @throws IllegalArgumentException if an argument is not legal; the message says what was found and what was expected
     */
    public ChildCreation {
        new Geometry(virtualSizeBytes, blockSizeBytes, 512);
        ImageCreation.checkLogLength(logLengthBytes);
    }

    /**
     * Makes the image. The file must not exist. It appears under its name only when it is complete and durable.
     *
     * @return the size of the new disk
     * @throws java.nio.file.FileAlreadyExistsException if there is such a file
     * @throws IOException if the parent cannot be opened, or the size is no multiple of its logical sector size
     */
    public long create(Path file) throws IOException {
        try (Storage parentStorage = Storages.open(parent, false)) {
            Findings findings = new Findings();
            LoadedImage loaded = ImageLoader.load(parentStorage, LoadOptions.STRICT, findings);
            // The file of a chain that does not open would be of no use.
            ParentChain.open(loaded, parent, search, findings).close();
            long sizeBytes = virtualSizeBytes == 0 ? loaded.geometry().virtualSizeBytes() : virtualSizeBytes;
            NewImage image = newImage(loaded, sizeBytes, locator(loaded, file));
            try (NewFile newFile = NewFile.begin(file)) {
                image.write(newFile.storage());
                newFile.publish();
            }
            return sizeBytes;
        }
    }

    private NewImage newImage(LoadedImage loaded, long sizeBytes, ParentLocator locator) throws IOException {
        int sectorSize = loaded.geometry().logicalSectorSizeBytes();
        if (sizeBytes % sectorSize != 0) {
            throw new UnsupportedImageException("virtual size: " + sizeBytes + " (expected: a multiple of " + sectorSize
                    + ", the logical sector size of " + parent + ")");
        }
        DiskMetadata inherited = loaded.metadata();
        DiskMetadata metadata = new DiskMetadata(
                new FileParameters(blockSizeBytes, FileParameters.HAS_PARENT),
                sizeBytes,
                inherited.diskId(),
                inherited.logicalSectorSizeBytes(),
                inherited.physicalSectorSizeBytes());
        List<MetadataItem> items = new ArrayList<>(metadata.items());
        KnownItem locatorItem = KnownItem.PARENT_LOCATOR;
        items.add(new MetadataItem(locatorItem.id(), locatorItem.flags(), locator.encode()));
        items.addAll(furtherItems(loaded));
        int itemBytes =
                items.stream().mapToInt(item -> item.content().remaining()).sum();
        if (itemBytes > ITEMS_MAX_BYTES) {
            throw new UnsupportedImageException(parent + " has " + itemBytes
                    + " bytes of metadata that belong to the disk (expected: at most " + ITEMS_MAX_BYTES + ")");
        }
        Geometry geometry = new Geometry(sizeBytes, blockSizeBytes, sectorSize);
        ImageLayout layout = new ImageLayout(geometry, false, true, logLengthBytes);
        return new NewImage(layout, items, ImageCreation.CREATOR, UUID::randomUUID);
    }

    /** The parent's items that are about the virtual disk, besides those that every image has. */
    private static List<MetadataItem> furtherItems(LoadedImage loaded) throws IOException {
        List<MetadataItem> items = new ArrayList<>();
        for (MetadataEntry entry : loaded.items().entries()) {
            KnownItem known = entry.known();
            if ((entry.flags() & MetadataEntry.IS_VIRTUAL_DISK) != 0 && (known == null || !known.isMandatory())) {
                ByteBuffer content = ByteBuffer.allocateDirect((int) entry.lengthBytes());
                long at = loaded.regions().metadata().fileOffsetBytes() + entry.offsetBytes();
                loaded.storage().read(content, at);
                items.add(new MetadataItem(entry.itemId(), entry.knownFlags(), content.flip()));
            }
        }
        return items;
    }

    private ParentLocator locator(LoadedImage loaded, Path file) throws IOException {
        Path absolute = file.toAbsolutePath().getParent();
        assert absolute != null : file;
        Map<String, String> entries = new LinkedHashMap<>();
        UUID linkage = loaded.headers().current().dataWriteGuid();
        entries.put(ParentLocator.PARENT_LINKAGE, ParentLocator.linkageText(linkage));
        entries.put(ParentLocator.RELATIVE_PATH, relativePath(absolute.toRealPath(), parent.toRealPath()));
        return new ParentLocator(entries);
    }

    /** As Windows writes it: with backslashes, and beginning with a dot. */
    static String relativePath(Path directory, Path parent) {
        StringBuilder text = new StringBuilder();
        for (Path component : directory.relativize(parent)) {
            text.append(text.isEmpty() ? "" : "\\").append(component);
        }
        return text.toString().startsWith("..") ? text.toString() : ".\\" + text;
    }
}
