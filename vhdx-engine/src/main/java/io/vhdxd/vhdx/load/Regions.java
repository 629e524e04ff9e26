package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.format.RegionEntry;
import java.util.List;

/**
 * Where the regions of an image are. All lie in the file, on whole MiB, and do not overlap each other or the log.
 *
 * @param unknown optional regions that the engine does not know and leaves alone
 */
public record Regions(RegionEntry bat, RegionEntry metadata, List<RegionEntry> unknown) {
    public Regions {
        unknown = List.copyOf(unknown);
    }
}
