package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.diagnosis.VhdxException;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.KnownRegion;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.MetadataTable;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.format.RegionTable;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import io.vhdxd.vhdx.write.PageEdits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Mends what keeps an image with an empty log from being loaded: a BAT region of which the file has cut what it does not need, a
 * missing item of the metadata whose value can be made up, lost region tables.
 */
final class StructureRepair {
    private static final int PHYSICAL_SECTOR_SIZE_BYTES = 512;

    private final Storage storage;
    private final RepairOptions options;
    private final RepairReport report;
    private final Supplier<UUID> newGuid;
    private HeaderPair headers;

    StructureRepair(
            Storage storage, HeaderPair headers, RepairOptions options, RepairReport report, Supplier<UUID> newGuid) {
        this.storage = storage;
        this.headers = headers;
        this.options = options;
        this.report = report;
        this.newGuid = newGuid;
    }

    /** Returns the image; null if the repair has to end, which is in the report. */
    @Nullable LoadedImage load() throws IOException {
        while (true) {
            try {
                return ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
            } catch (CorruptImageException e) {
                // Each of them can be done once.
                if (!canLog() || !(mendRegionTables() || completeBat() || addItems())) {
                    refuse(e);
                    return null;
                }
            } catch (UnsupportedImageException e) {
                refuse(e);
                return null;
            }
        }
    }

    private void refuse(VhdxException e) {
        if (!report.isLossRefused()) {
            report.refuse(String.valueOf(e.getMessage()));
        }
    }

    /** Whether the log can take what is to be changed. */
    private boolean canLog() throws IOException {
        return headers.current().hasLogWithin(storage.size())
                && !headers.current().isLogInUse();
    }

    private @Nullable RegionEntry region(KnownRegion region) throws IOException {
        RegionTable first = Structures.regionTable(storage, 0);
        RegionTable table = first != null ? first : Structures.regionTable(storage, 1);
        return table == null
                ? null
                : table.entries().stream()
                        .filter(entry -> entry.id().equals(region.id()))
                        .findFirst()
                        .orElse(null);
    }

    private boolean mendRegionTables() throws IOException {
        if (!Structures.isRegionTableLost(storage, 0) || !Structures.isRegionTableLost(storage, 1)) {
            return false;
        }
        RegionTable found = new RegionSearch(storage).find();
        if (found == null) {
            return false;
        }
        report.lost(new RepairReport.Loss(
                "both region tables are lost; by what it holds, the BAT is at offset "
                        + found.entries().getFirst().fileOffsetBytes() + " and the metadata region at offset "
                        + found.entries().getLast().fileOffsetBytes() + ", other regions are not known any more",
                List.of(),
                0));
        if (!options.allowLoss()) {
            report.refuseLoss();
            return false;
        }
        // While neither is valid there is nothing to lose: if this is interrupted, the search is done again.
        for (int copy = 0; copy < 2; copy++) {
            storage.write(found.encode(), RegionTable.copyOffsetBytes(copy));
            storage.sync();
        }
        report.repaired("region tables: both were written anew");
        return true;
    }

    /** The file may end within the BAT region, behind the entries that count. */
    private boolean completeBat() throws IOException {
        RegionEntry bat = region(KnownRegion.BAT);
        if (bat == null || bat.fileOffsetBytes() <= 0 || bat.fileOffsetBytes() > storage.size()) {
            return false;
        }
        long end = bat.fileOffsetBytes() + bat.lengthBytes();
        if (end <= storage.size()) {
            return false;
        }
        LoadedImage image = tryLoad(new ChangedView(storage, List.of(), end));
        if (image == null
                || bat.fileOffsetBytes() + image.geometry().batEntryCount(image.hasParent()) * BatEntry.BYTES
                        > storage.size()) {
            return false;
        }
        storage.setSize(end);
        storage.sync();
        report.repaired("file: extended by zeros to the end of the BAT region, which no block needs");
        return true;
    }

    private @Nullable LoadedImage tryLoad(Storage view) throws IOException {
        try {
            return ImageLoader.load(view, LoadOptions.STRICT, new Findings());
        } catch (CorruptImageException | UnsupportedImageException e) {
            return null;
        }
    }

    private boolean addItems() throws IOException {
        RegionEntry region = region(KnownRegion.METADATA);
        if (region == null || region.fileOffsetBytes() <= 0) {
            return false;
        }
        List<MetadataEntry> entries;
        try {
            ByteBuffer bytes = Structures.read(storage, region.fileOffsetBytes(), MetadataTable.BYTES);
            entries = new ArrayList<>(
                    MetadataTable.parse(bytes, region.fileOffsetBytes()).entries());
        } catch (CorruptImageException e) {
            return false;
        }
        PageEdits edits = new PageEdits(storage);
        List<KnownItem> added = new ArrayList<>();
        for (KnownItem item : List.of(KnownItem.VIRTUAL_DISK_ID, KnownItem.PHYSICAL_SECTOR_SIZE)) {
            if (entries.stream().noneMatch(entry -> entry.known() == item)) {
                if (!add(item, entries, region, edits)) {
                    return false;
                }
                added.add(item);
            }
        }
        List<LogPage> pages = edits.changedPages();
        if (added.isEmpty() || tryLoad(new ChangedView(storage, pages, storage.size())) == null) {
            return false;
        }
        log(edits);
        added.forEach(item -> report.repaired("metadata: the item " + item.displayName() + " was added"));
        return true;
    }

    private boolean add(KnownItem item, List<MetadataEntry> entries, RegionEntry region, PageEdits edits)
            throws IOException {
        long place = new MetadataTable(entries).freeOffsetBytes(item.lengthBytes(), region.lengthBytes());
        if (place < 0 || entries.size() == MetadataTable.ENTRY_COUNT_MAX) {
            return false;
        }
        ByteBuffer content = ByteBuffer.allocateDirect(item.lengthBytes()).order(ByteOrder.LITTLE_ENDIAN);
        if (item == KnownItem.VIRTUAL_DISK_ID) {
            GuidCodec.put(content, 0, newGuid.get());
        } else {
            content.putInt(0, PHYSICAL_SECTOR_SIZE_BYTES);
        }
        long at = region.fileOffsetBytes();
        MetadataEntry entry = new MetadataEntry(item.id(), place, item.lengthBytes(), item.flags());
        edits.put(at + place, content);
        edits.put(at + MetadataTable.entryOffsetBytes(entries.size()), MetadataTable.encodeEntry(entry));
        entries.add(entry);
        edits.put(at + MetadataTable.COUNT_OFFSET, MetadataTable.encodeCount(entries.size()));
        return true;
    }

    private void log(PageEdits changes) throws IOException {
        LoggedEdits edits = LoggedEdits.begin(storage, headers, header -> header, newGuid);
        List<LogPage> pages = changes.changedPages();
        for (int from = 0; from < pages.size(); from += LoggedEdits.STEP_PAGES_MAX) {
            edits.commit(pages.subList(from, Math.min(pages.size(), from + LoggedEdits.STEP_PAGES_MAX)));
        }
        headers = edits.finish();
    }
}
