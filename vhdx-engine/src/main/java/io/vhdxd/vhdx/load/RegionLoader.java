package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.KnownRegion;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.format.RegionTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads the region tables and checks what they say ([MS-VHDX] 2.2.3). */
final class RegionLoader {
    private final StructureReader reader;
    private final Findings findings;

    RegionLoader(StructureReader reader, Findings findings) {
        this.reader = reader;
        this.findings = findings;
    }

    Regions load() throws IOException {
        Copy copy = choose(Copy.read(reader, 0), Copy.read(reader, 1));
        Map<KnownRegion, RegionEntry> known = new EnumMap<>(KnownRegion.class);
        List<RegionEntry> unknown = new ArrayList<>();
        Set<UUID> ids = new HashSet<>();
        long fileSizeBytes = reader.storage().size();
        List<RegionEntry> entries = copy.requireTable().entries();
        for (int i = 0; i < entries.size(); i++) {
            RegionEntry entry = entries.get(i);
            Place place = new Place(copy.number, i);
            if (!ids.add(entry.id())) {
                throw place.corrupt(entry.displayName() + " is listed twice");
            }
            checkFlags(entry, place);
            checkRange(entry, place, fileSizeBytes);
            KnownRegion region = KnownRegion.ofId(entry.id());
            if (region != null) {
                known.put(region, entry);
            } else {
                unknown.add(entry);
                findings.note(place.structure(), place.offsetBytes(), entry.displayName() + " is left alone");
            }
        }
        return new Regions(require(known, KnownRegion.BAT, copy), require(known, KnownRegion.METADATA, copy), unknown);
    }

    /** The copy to use: the first if it is valid. */
    private Copy choose(Copy first, Copy second) throws CorruptImageException {
        if (first.problem != null && second.problem != null) {
            throw new CorruptImageException(
                    "region tables",
                    -1,
                    "no valid copy (" + first.problem.getMessage() + "; " + second.problem.getMessage() + ")");
        }
        CorruptImageException problem = first.problem != null ? first.problem : second.problem;
        if (problem != null) {
            findings.warning(
                    problem.structure(), problem.fileOffsetBytes(), problem.problem() + "; the other copy is used");
        } else if (!first.requireTable().equals(second.requireTable())) {
            findings.warning(
                    RegionTable.copyName(1),
                    RegionTable.copyOffsetBytes(1),
                    "differs from " + RegionTable.copyName(0) + ", which is used");
        }
        return first.problem == null ? first : second;
    }

    private void checkFlags(RegionEntry entry, Place place) throws UnsupportedImageException {
        if (entry.isRequired() && KnownRegion.ofId(entry.id()) == null) {
            throw new UnsupportedImageException(place.structure() + " at offset " + place.offsetBytes() + ": "
                    + entry.displayName() + " is required to understand the image");
        }
        if (entry.reservedFlags() != 0) {
            findings.warning(
                    place.structure(),
                    place.offsetBytes(),
                    "%s has reserved bits set: 0x%08x, expected 0"
                            .formatted(entry.displayName(), entry.reservedFlags()));
        }
    }

    private static void checkRange(RegionEntry entry, Place place, long fileSizeBytes) throws CorruptImageException {
        long offset = entry.fileOffsetBytes();
        long length = entry.lengthBytes();
        if (Long.compareUnsigned(offset, Geometry.MIB) < 0
                || offset % Geometry.MIB != 0
                || length % Geometry.MIB != 0) {
            throw place.corrupt(entry.displayName() + " takes " + length + " bytes at offset "
                    + Long.toUnsignedString(offset) + ", expected multiples of 1 MiB, the offset at least 1 MiB");
        }
        if (offset < 0 || offset > fileSizeBytes - length) {
            throw place.corrupt(entry.displayName() + " takes " + length + " bytes at offset "
                    + Long.toUnsignedString(offset) + ", but the file ends at " + fileSizeBytes);
        }
    }

    private static RegionEntry require(Map<KnownRegion, RegionEntry> known, KnownRegion region, Copy copy)
            throws CorruptImageException {
        RegionEntry entry = known.get(region);
        if (entry == null) {
            throw new CorruptImageException(
                    RegionTable.copyName(copy.number),
                    RegionTable.copyOffsetBytes(copy.number),
                    "the " + region.displayName() + " is missing, expected an entry " + region.id());
        }
        return entry;
    }

    /** A copy of the table: either the table or why there is none. */
    private record Copy(
            int number,
            @Nullable RegionTable table,
            @Nullable CorruptImageException problem) {
        static Copy read(StructureReader reader, int number) throws IOException {
            var bytes =
                    reader.read(RegionTable.copyName(number), RegionTable.copyOffsetBytes(number), RegionTable.BYTES);
            try {
                return new Copy(number, RegionTable.parse(bytes, number), null);
            } catch (CorruptImageException e) {
                return new Copy(number, null, e);
            }
        }

        RegionTable requireTable() {
            assert table != null;
            return table;
        }
    }

    /** The place of an entry in the table, for messages. */
    private record Place(int copy, int index) {
        String structure() {
            return RegionTable.copyName(copy) + " entry " + index;
        }

        long offsetBytes() {
            return RegionTable.entryOffsetBytes(copy, index);
        }

        CorruptImageException corrupt(String problem) {
            return new CorruptImageException(structure(), offsetBytes(), problem);
        }
    }
}
