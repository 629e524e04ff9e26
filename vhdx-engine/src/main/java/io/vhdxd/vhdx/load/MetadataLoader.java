package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileParameters;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.MetadataTable;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.format.RegionEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the metadata region: the table, checked entry by entry, and the values of the items that every image has
 * ([MS-VHDX] 2.6). Whether the values make sense is for {@link DiskChecks}.
 */
final class MetadataLoader {
    private static final long ITEM_LENGTH_MAX_BYTES = 1 << 20;

    private final StructureReader reader;
    private final RegionEntry region;
    private final Findings findings;

    MetadataLoader(StructureReader reader, RegionEntry region, Findings findings) {
        this.reader = reader;
        this.region = region;
        this.findings = findings;
    }

    ImageMetadata load() throws IOException {
        if (region.lengthBytes() < MetadataTable.BYTES) {
            throw new CorruptImageException(
                    "metadata region",
                    region.fileOffsetBytes(),
                    "length " + region.lengthBytes() + ", expected at least 1 MiB");
        }
        ByteBuffer bytes = reader.read("metadata table", region.fileOffsetBytes(), MetadataTable.BYTES);
        MetadataTable table = MetadataTable.parse(bytes, region.fileOffsetBytes());
        Map<KnownItem, MetadataEntry> items = checkEntries(table.entries());
        checkOverlaps(table.entries());
        for (KnownItem item : KnownItem.values()) {
            if (item.isMandatory() && !items.containsKey(item)) {
                throw new CorruptImageException(
                        "metadata table",
                        region.fileOffsetBytes(),
                        "the item " + item.displayName() + " is missing, expected an entry " + item.id());
            }
        }
        DiskMetadata disk = values(items);
        return new ImageMetadata(
                disk, parentLocator(items, disk.fileParameters().hasParent()), table.entries());
    }

    private @Nullable ParentLocator parentLocator(Map<KnownItem, MetadataEntry> items, boolean hasParent)
            throws IOException {
        MetadataEntry entry = items.get(KnownItem.PARENT_LOCATOR);
        if (!hasParent) {
            if (entry != null) {
                findings.warning(
                        "metadata table",
                        region.fileOffsetBytes(),
                        "holds a parent locator, but the file parameters say that the image has no parent");
            }
            return null;
        }
        if (entry == null) {
            throw new CorruptImageException(
                    "metadata table",
                    region.fileOffsetBytes(),
                    "the item parent locator is missing, although the file parameters say that the image has a parent");
        }
        long at = region.fileOffsetBytes() + entry.offsetBytes();
        return ParentLocator.parse(reader.read(entry.displayName(), at, (int) entry.lengthBytes()), at);
    }

    private Map<KnownItem, MetadataEntry> checkEntries(List<MetadataEntry> entries)
            throws CorruptImageException, UnsupportedImageException {
        Map<KnownItem, MetadataEntry> items = new EnumMap<>(KnownItem.class);
        Set<Key> keys = new HashSet<>();
        int userCount = 0;
        for (int i = 0; i < entries.size(); i++) {
            MetadataEntry entry = entries.get(i);
            long at = region.fileOffsetBytes() + MetadataTable.entryOffsetBytes(i);
            if (!keys.add(new Key(entry.itemId(), entry.isUser()))) {
                throw corrupt(entry, at, "is listed twice");
            }
            userCount += entry.isUser() ? 1 : 0;
            checkMeaning(entry, at);
            checkFlags(entry, at);
            checkPlace(entry, at);
            KnownItem known = entry.known();
            if (known != null) {
                items.put(known, entry);
            }
        }
        if (userCount > MetadataTable.USER_ENTRY_COUNT_MAX) {
            findings.warning(
                    "metadata table",
                    region.fileOffsetBytes(),
                    userCount + " user items, expected at most " + MetadataTable.USER_ENTRY_COUNT_MAX);
        }
        return items;
    }

    /** What makes two items the same. */
    private record Key(UUID itemId, boolean user) {}

    private void checkMeaning(MetadataEntry entry, long at) throws CorruptImageException, UnsupportedImageException {
        KnownItem known = entry.known();
        if (known == KnownItem.INCOMPLETE_FILE) {
            throw corrupt(entry, at, "says that the creation or conversion of the image was not finished");
        }
        if (entry.isUser() && entry.isRequired()) {
            throw corrupt(entry, at, "is marked as required, which a user's item cannot be");
        }
        if (entry.isRequired() && (known == null || !known.isUnderstood())) {
            String guid = known == null ? "" : " (" + entry.itemId() + ")";
            throw new UnsupportedImageException(
                    entry.displayName() + guid + " at offset " + at + ": it is required to understand the image");
        }
    }

    private void checkFlags(MetadataEntry entry, long at) {
        if (entry.reservedFlags() != 0) {
            findings.warning(
                    entry.displayName(),
                    at,
                    "reserved bits are set: 0x%08x, expected 0".formatted(entry.reservedFlags()));
        }
        KnownItem known = entry.known();
        if (known != null && known.isUnderstood() && entry.knownFlags() != known.flags()) {
            findings.warning(entry.displayName(), at, "flags " + entry.knownFlags() + ", expected " + known.flags());
        }
    }

    private void checkPlace(MetadataEntry entry, long at) throws CorruptImageException {
        KnownItem known = entry.known();
        if (known != null
                && known.isUnderstood()
                && known.lengthBytes() != 0
                && entry.lengthBytes() != known.lengthBytes()) {
            throw corrupt(entry, at, "length " + entry.lengthBytes() + ", expected " + known.lengthBytes());
        }
        if (entry.lengthBytes() == 0) {
            return;
        }
        if (entry.lengthBytes() > ITEM_LENGTH_MAX_BYTES
                || entry.offsetBytes() < MetadataTable.BYTES
                || entry.offsetBytes() + entry.lengthBytes() > region.lengthBytes()) {
            report(
                    entry,
                    at,
                    entry.lengthBytes() + " bytes at offset " + entry.offsetBytes()
                            + " of the metadata region, expected at" + " most 1 MiB between " + MetadataTable.BYTES
                            + " and " + region.lengthBytes());
        }
    }

    private void checkOverlaps(List<MetadataEntry> entries) throws CorruptImageException {
        List<Integer> ascending = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).lengthBytes() > 0) {
                ascending.add(i);
            }
        }
        ascending.sort(Comparator.comparingLong(i -> entries.get(i).offsetBytes()));
        MetadataEntry reaching = null;
        for (int index : ascending) {
            MetadataEntry entry = entries.get(index);
            if (reaching != null && entry.offsetBytes() < end(reaching)) {
                long at = region.fileOffsetBytes() + MetadataTable.entryOffsetBytes(index);
                String problem = "overlaps another item: " + describe(reaching) + " and " + describe(entry);
                report(entry.known() != null ? entry : reaching, at, problem);
            }
            if (reaching == null || end(entry) > end(reaching)) {
                reaching = entry;
            }
        }
    }

    private static long end(MetadataEntry entry) {
        return entry.offsetBytes() + entry.lengthBytes();
    }

    private static String describe(MetadataEntry entry) {
        return entry.displayName() + " with " + entry.lengthBytes() + " bytes at offset " + entry.offsetBytes();
    }

    /** A misplaced item that is not known, and not required, harms nobody. */
    private void report(MetadataEntry entry, long at, String problem) throws CorruptImageException {
        if (entry.known() != null) {
            throw corrupt(entry, at, problem);
        }
        findings.warning(entry.displayName(), at, problem);
    }

    private DiskMetadata values(Map<KnownItem, MetadataEntry> items) throws IOException {
        ByteBuffer fileParameters = readItem(items, KnownItem.FILE_PARAMETERS);
        int logicalSectorSize = readItem(items, KnownItem.LOGICAL_SECTOR_SIZE).getInt(0);
        return new DiskMetadata(
                new FileParameters(Integer.toUnsignedLong(fileParameters.getInt(0)), fileParameters.getInt(4)),
                readItem(items, KnownItem.VIRTUAL_DISK_SIZE).getLong(0),
                GuidCodec.get(readItem(items, KnownItem.VIRTUAL_DISK_ID), 0),
                logicalSectorSize,
                physicalSectorSize(items, logicalSectorSize));
    }

    /** The size is only told to guests, so a wrong one is replaced rather than refused. */
    private int physicalSectorSize(Map<KnownItem, MetadataEntry> items, int logicalSectorSize) throws IOException {
        int size = readItem(items, KnownItem.PHYSICAL_SECTOR_SIZE).getInt(0);
        if (size == 512 || size == 4096) {
            return size;
        }
        findings.warning(
                "metadata item physical sector size",
                region.fileOffsetBytes(),
                Integer.toUnsignedString(size) + ", expected 512 or 4096; the logical sector size is used");
        return logicalSectorSize;
    }

    private ByteBuffer readItem(Map<KnownItem, MetadataEntry> items, KnownItem item) throws IOException {
        MetadataEntry entry = items.get(item);
        assert entry != null : item;
        return reader.read(entry.displayName(), region.fileOffsetBytes() + entry.offsetBytes(), item.lengthBytes());
    }

    private static CorruptImageException corrupt(MetadataEntry entry, long at, String problem) {
        return new CorruptImageException(entry.displayName(), at, problem);
    }
}
