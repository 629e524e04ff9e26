package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.KnownRegion;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.format.RegionTable;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Changes of the two copies of the region table ([MS-VHDX] 2.2.3). */
final class RegionTables {
    private RegionTables() {}

    /** Puts another entry for a region into both copies; both say the same afterwards. */
    static void replace(Storage storage, KnownRegion region, RegionEntry replacement, PageEdits edits)
            throws IOException {
        List<RegionEntry> entries = current(storage).entries().stream()
                .map(entry -> entry.id().equals(region.id()) ? replacement : entry)
                .toList();
        ByteBuffer bytes = new RegionTable(entries).encode();
        edits.put(RegionTable.copyOffsetBytes(0), bytes);
        edits.put(RegionTable.copyOffsetBytes(1), bytes);
    }

    /** The copy that counts: the first if it is valid. */
    private static RegionTable current(Storage storage) throws IOException {
        try {
            return read(storage, 0);
        } catch (CorruptImageException e) {
            return read(storage, 1);
        }
    }

    private static RegionTable read(Storage storage, int copy) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(RegionTable.BYTES);
        storage.read(bytes, RegionTable.copyOffsetBytes(copy));
        return RegionTable.parse(bytes.clear(), copy);
    }
}
