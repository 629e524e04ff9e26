package io.vhdxd.vhdx.edit;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;

/** Gives space back to the file system. */
public final class UnusedSpace {
    private UnusedSpace() {}

    /**
     * Cuts the file behind what is used, and makes holes of the gaps before. The log has to be empty: its entries say how
     * long the file is, and may write to what is not used any more.
     */
    public static void giveBack(Storage storage, SpaceMap used) throws IOException {
        long endMib = used.endMib();
        if (storage.size() > endMib * Geometry.MIB) {
            storage.setSize(endMib * Geometry.MIB);
        }
        long from = used.nextFreeMib(0);
        while (from < endMib) {
            long to = used.nextUsedMib(from);
            storage.punchHole(from * Geometry.MIB, (to - from) * Geometry.MIB);
            from = used.nextFreeMib(to);
        }
        storage.sync();
    }
}
