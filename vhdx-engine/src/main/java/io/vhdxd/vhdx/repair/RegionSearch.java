package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.KnownRegion;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.MetadataEntry;
import io.vhdxd.vhdx.format.MetadataTable;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.format.RegionTable;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the regions of an image whose region tables are lost, by what they hold. The metadata region has a signature. The BAT
 * has none: a place is taken for it if all of its entries make sense there, with the metadata as they are, and some block is
 * present. Each of them must be the only one of its kind.
 */
final class RegionSearch {
    private static final int PAGE_BYTES = 4096;
    private static final long LENGTH_MAX_BYTES = 1L << 32;

    private final Storage storage;

    RegionSearch(Storage storage) {
        this.storage = storage;
    }

    /** The table as it was, but for regions that nobody knows; null if nothing can be said for sure. */
    @Nullable RegionTable find() throws IOException {
        List<Long> metadataPlaces = new ArrayList<>();
        List<Long> batPlaces = new ArrayList<>();
        for (long at = Geometry.MIB; at < storage.size(); at = nextPlace(at)) {
            ByteBuffer page = Structures.read(storage, at, PAGE_BYTES);
            if (isMetadata(at)) {
                metadataPlaces.add(at);
            } else if (looksLikeBat(page)) {
                batPlaces.add(at);
            }
        }
        if (metadataPlaces.size() != 1) {
            return null;
        }
        RegionEntry metadata = metadataAt(metadataPlaces.getFirst());
        RegionTable found = null;
        for (long place : batPlaces) {
            RegionTable candidate = withBat(metadata, place);
            if (candidate != null) {
                if (found != null) {
                    return null;
                }
                found = candidate;
            }
        }
        return found;
    }

    private long nextPlace(long atBytes) throws IOException {
        long next = atBytes + Geometry.MIB;
        if (next >= storage.size()) {
            return next;
        }
        long data = storage.nextData(next);
        return data - data % Geometry.MIB;
    }

    private boolean isMetadata(long offsetBytes) throws IOException {
        return table(offsetBytes) != null;
    }

    private @Nullable MetadataTable table(long offsetBytes) throws IOException {
        try {
            return MetadataTable.parse(Structures.read(storage, offsetBytes, MetadataTable.BYTES), offsetBytes);
        } catch (CorruptImageException e) {
            return null;
        }
    }

    /** Whether the first page of a region can be that of a BAT in which some block is present. */
    private boolean looksLikeBat(ByteBuffer page) throws IOException {
        boolean present = false;
        for (int i = 0; i < PAGE_BYTES; i += BatEntry.BYTES) {
            long entry = page.getLong(i);
            PayloadBlockState state = PayloadBlockState.ofCode(BatEntry.stateCode(entry));
            if (state == null
                    || BatEntry.reservedBits(entry) != 0
                    || BatEntry.fileOffsetMib(entry) >= Math.ceilDiv(storage.size(), Geometry.MIB)) {
                return false;
            }
            present |= state == PayloadBlockState.FULLY_PRESENT || state == PayloadBlockState.PARTIALLY_PRESENT;
        }
        return present;
    }

    private RegionEntry metadataAt(long offsetBytes) throws IOException {
        MetadataTable table = table(offsetBytes);
        assert table != null : offsetBytes;
        long end = MetadataTable.BYTES;
        for (MetadataEntry entry : table.entries()) {
            end = Math.max(end, entry.offsetBytes() + entry.lengthBytes());
        }
        long length = Math.min(Math.ceilDiv(end, Geometry.MIB) * Geometry.MIB, LENGTH_MAX_BYTES - Geometry.MIB);
        return new RegionEntry(KnownRegion.METADATA.id(), offsetBytes, length, RegionEntry.REQUIRED);
    }

    /** The table with a BAT at this place, if the image is sound with it. */
    private @Nullable RegionTable withBat(RegionEntry metadata, long batOffsetBytes) throws IOException {
        // How long it has to be is known once it is loaded; no image needs more than this.
        for (long length = Geometry.MIB; length < LENGTH_MAX_BYTES; length *= 2) {
            RegionEntry bat = new RegionEntry(KnownRegion.BAT.id(), batOffsetBytes, length, RegionEntry.REQUIRED);
            RegionTable table = new RegionTable(List.of(bat, metadata));
            LoadedImage image = load(table);
            if (image != null) {
                long needed = image.geometry().batEntryCount(image.hasParent()) * BatEntry.BYTES;
                long whole = Math.max(1, Math.ceilDiv(needed, Geometry.MIB)) * Geometry.MIB;
                return whole <= length
                        ? new RegionTable(List.of(
                                new RegionEntry(bat.id(), batOffsetBytes, whole, RegionEntry.REQUIRED), metadata))
                        : table;
            }
        }
        return null;
    }

    private @Nullable LoadedImage load(RegionTable table) throws IOException {
        Findings findings = new Findings();
        try {
            ByteBuffer bytes = table.encode();
            List<LogPage> pages = new ArrayList<>();
            for (int copy = 0; copy < 2; copy++) {
                for (int at = 0; at < RegionTable.BYTES; at += PAGE_BYTES) {
                    pages.add(new LogPage(RegionTable.copyOffsetBytes(copy) + at, bytes.slice(at, PAGE_BYTES)));
                }
            }
            LoadedImage image =
                    ImageLoader.load(new ChangedView(storage, pages, storage.size()), LoadOptions.STRICT, findings);
            return findings.worst() == Severity.NOTE ? image : null;
        } catch (CorruptImageException | UnsupportedImageException e) {
            return null;
        }
    }
}
