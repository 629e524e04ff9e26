package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.LogDescriptor;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Ranges of the file that read as something else than what the file holds. Ranges do not overlap; a later one replaces
 * what it covers of earlier ones. Once it is filled, any thread may read it.
 */
final class PatchMap {
    /** As many as the largest log has sectors: no log that writes pages needs more. Each costs about 100 bytes. */
    static final int PATCH_COUNT_MAX = 1 << 18;

    private final TreeMap<Long, Patch> byStart = new TreeMap<>();

    /**
     * A range with other content.
     *
     * @param page where one page comes from; null for a range of zeros
     */
    record Patch(long start, long end, @Nullable Page page) {}

    /** @param dataSectorOffsetBytes where the data sector stands in the file */
    record Page(LogDescriptor.Data descriptor, long dataSectorOffsetBytes) {}

    /** Adds a range. Pages are whole and aligned, so a page is never cut; zeros may be. */
    void put(Patch patch) throws UnsupportedImageException {
        if (patch.start == patch.end) {
            return;
        }
        cut(byStart.floorEntry(patch.start), patch);
        Map.Entry<Long, Patch> next = byStart.ceilingEntry(patch.start);
        while (next != null && next.getKey() < patch.end) {
            cut(next, patch);
            next = byStart.ceilingEntry(patch.start);
        }
        byStart.put(patch.start, patch);
        if (byStart.size() > PATCH_COUNT_MAX) {
            throw new UnsupportedImageException(
                    "log: it changes more than " + PATCH_COUNT_MAX + " separate ranges, which no sane writer does");
        }
    }

    private void cut(Map.@Nullable Entry<Long, Patch> old, Patch hole) {
        if (old == null || old.getValue().end <= hole.start) {
            return;
        }
        Patch patch = old.getValue();
        byStart.remove(patch.start);
        if (patch.start < hole.start) {
            byStart.put(patch.start, new Patch(patch.start, hole.start, patch.page));
        }
        if (patch.end > hole.end) {
            byStart.put(hole.end, new Patch(hole.end, patch.end, patch.page));
        }
    }

    boolean isEmpty() {
        return byStart.isEmpty();
    }

    /** The patch that this offset is in; null if there is none. */
    @Nullable Patch at(long offset) {
        Map.Entry<Long, Patch> floor = byStart.floorEntry(offset);
        return floor != null && floor.getValue().end > offset ? floor.getValue() : null;
    }

    /** The start of the first patch at or after this offset, {@link Long#MAX_VALUE} if there is none. */
    long nextStart(long offset) {
        Long start = byStart.ceilingKey(offset);
        return start != null ? start : Long.MAX_VALUE;
    }
}
