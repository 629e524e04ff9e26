package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import java.util.Comparator;
import java.util.List;

/**
 * A range of the file that a structure takes, in whole MiB.
 *
 * @param structure what to call it in a message
 */
record FileRange(String structure, long offsetBytes, long lengthBytes) {

    private long endBytes() {
        return offsetBytes + lengthBytes;
    }

    /** Refuses ranges of which two have a MiB in common. */
    static void requireDisjoint(List<FileRange> ranges) throws CorruptImageException {
        List<FileRange> ascending = ranges.stream()
                .filter(range -> range.lengthBytes > 0)
                .sorted(Comparator.comparingLong(FileRange::offsetBytes))
                .toList();
        for (int i = 1; i < ascending.size(); i++) {
            FileRange lower = ascending.get(i - 1);
            FileRange upper = ascending.get(i);
            if (upper.offsetBytes < lower.endBytes()) {
                throw new CorruptImageException(
                        upper.structure,
                        upper.offsetBytes,
                        "overlaps the " + lower.structure + ", which takes " + lower.lengthBytes + " bytes from offset "
                                + lower.offsetBytes);
            }
        }
    }

    void claimIn(SpaceMap space) {
        long offsetMib = offsetBytes / Geometry.MIB;
        long endMib = Math.min(endBytes() / Geometry.MIB, BlockMap.FILE_OFFSET_LIMIT_MIB);
        if (offsetMib < endMib) {
            space.claim(offsetMib, endMib - offsetMib);
        }
    }
}
