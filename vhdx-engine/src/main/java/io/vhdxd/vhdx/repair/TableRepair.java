package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.format.FileParameters;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.KnownRegion;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.MetadataTable;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.format.RegionTable;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import io.vhdxd.vhdx.write.PageEdits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Mends what a check warns of in the region tables and the metadata of an image that loads. None of it loses anything, and
 * each page may be changed for itself.
 */
final class TableRepair {
    /** Pages in the order in which they are to be written. No page is in two steps, so none takes back what another did. */
    private record Step(List<String> what, List<LogPage> pages) {}

    private final Storage storage;
    private final LoadedImage image;
    private final List<Step> steps = new ArrayList<>();

    TableRepair(Storage storage, LoadedImage image) throws IOException {
        this.storage = storage;
        this.image = image;
        planRegionTables();
        planMetadata();
    }

    boolean isNeeded() {
        return !steps.isEmpty();
    }

    void apply(LoggedEdits edits, RepairReport report) throws IOException {
        for (Step step : steps) {
            for (int from = 0; from < step.pages.size(); from += LoggedEdits.STEP_PAGES_MAX) {
                edits.commit(step.pages.subList(from, Math.min(step.pages.size(), from + LoggedEdits.STEP_PAGES_MAX)));
            }
            step.what.forEach(report::repaired);
        }
    }

    private void add(List<String> what, PageEdits edits) {
        List<LogPage> pages = edits.changedPages();
        if (!pages.isEmpty()) {
            steps.add(new Step(List.copyOf(what), pages));
        }
    }

    /** The copy that is not used comes first, so that one of them is valid at any moment. */
    private void planRegionTables() throws IOException {
        @Nullable RegionTable first = Structures.regionTable(storage, 0);
        @Nullable RegionTable second = Structures.regionTable(storage, 1);
        RegionTable used = first != null ? first : second;
        assert used != null;
        boolean sound = used.equals(first)
                && used.equals(second)
                && used.entries().stream().allMatch(entry -> entry.reservedFlags() == 0);
        if (sound) {
            return;
        }
        RegionTable wanted = new RegionTable(
                used.entries().stream().map(TableRepair::withFlags).toList());
        int usedCopy = first != null ? 0 : 1;
        for (int copy : new int[] {1 - usedCopy, usedCopy}) {
            PageEdits edits = new PageEdits(storage);
            edits.put(RegionTable.copyOffsetBytes(copy), wanted.encode());
            add(List.of(RegionTable.copyName(copy) + ": written anew, with the flags of the specification"), edits);
        }
    }

    private static RegionEntry withFlags(RegionEntry entry) {
        int flags = KnownRegion.ofId(entry.id()) != null ? RegionEntry.REQUIRED : entry.flags() & RegionEntry.REQUIRED;
        return new RegionEntry(entry.id(), entry.fileOffsetBytes(), entry.lengthBytes(), flags);
    }

    /** One step: several items may lie in one page. */
    private void planMetadata() throws IOException {
        List<MetadataEntry> entries = image.items().entries();
        PageEdits edits = new PageEdits(storage);
        List<String> what = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            MetadataEntry entry = entries.get(i);
            edits.put(
                    regionOffsetBytes() + MetadataTable.entryOffsetBytes(i),
                    MetadataTable.encodeEntry(withFlags(entry)));
            KnownItem known = entry.known();
            if (known != null && known.isMandatory()) {
                planValue(known, regionOffsetBytes() + entry.offsetBytes(), edits, what);
            }
        }
        if (entries.stream().anyMatch(entry -> withFlags(entry).flags() != entry.flags())) {
            what.add("metadata table: items have the flags of the specification");
        }
        add(what, edits);
    }

    private long regionOffsetBytes() {
        return image.regions().metadata().fileOffsetBytes();
    }

    private static MetadataEntry withFlags(MetadataEntry entry) {
        KnownItem known = entry.known();
        int flags = known != null && known.isUnderstood() ? known.flags() : entry.knownFlags();
        return new MetadataEntry(entry.itemId(), entry.offsetBytes(), entry.lengthBytes(), flags);
    }

    private void planValue(KnownItem item, long fileOffsetBytes, PageEdits edits, List<String> what)
            throws IOException {
        ByteBuffer value = ByteBuffer.allocateDirect(item.lengthBytes()).order(ByteOrder.LITTLE_ENDIAN);
        String change;
        switch (item) {
            case FILE_PARAMETERS -> {
                FileParameters found = image.metadata().fileParameters();
                value.putInt(0, (int) found.blockSizeBytes())
                        .putInt(Integer.BYTES, found.flags() & ~found.reservedFlags());
                change = "metadata: reserved bits of the file parameters are cleared";
            }
            case VIRTUAL_DISK_SIZE -> {
                value.putLong(0, image.geometry().virtualSizeBytes());
                change = "metadata: the size of the disk is rounded down to whole sectors";
            }
            case PHYSICAL_SECTOR_SIZE -> {
                value.putInt(0, image.metadata().physicalSectorSizeBytes());
                change = "metadata: the physical sector size is the logical one";
            }
            default -> {
                return;
            }
        }
        if (!Structures.read(storage, fileOffsetBytes, item.lengthBytes()).equals(value)) {
            edits.put(fileOffsetBytes, value);
            what.add(change);
        }
    }
}
