package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.map.BlockMap;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The changes of metadata that the running batch gathers for one log entry, and the room that there is for them; until the
 * entry is written only the writer knows of them.
 */
final class Staging {
    private final Disk disk;
    private final BlockMap map;
    private final BatPages batPages;
    private final Quarantine quarantine;
    private final int entryPagesMax;
    /** Null if the disk has no parent. */
    private final @Nullable StagedBitmaps bitmaps;

    private final StagedEntries entries = new StagedEntries();
    /** Pages with staged changes that the log entry would not hold otherwise. */
    private final Set<Long> stagedPages = new HashSet<>();

    /** Pages that the log entry will hold in any case; null if there can be no entry. */
    private @Nullable Set<Long> givenPages;
    /** How many pages may be staged besides those. */
    private int morePages;

    Staging(
            Disk disk,
            BlockMap map,
            BatPages batPages,
            Quarantine quarantine,
            int entryPagesMax,
            @Nullable StagedBitmaps bitmaps) {
        this.disk = disk;
        this.map = map;
        this.batPages = batPages;
        this.quarantine = quarantine;
        this.entryPagesMax = entryPagesMax;
        this.bitmaps = bitmaps;
    }

    /**
     * Begins a batch.
     *
     * @param given the pages that its log entry will hold in any case, by their place in the file; null if there can be no
     *     entry, so that nothing can be staged
     */
    void begin(@Nullable Set<Long> given) {
        assert isEmpty();
        // The batch before may have counted pages for what turned out to be no change.
        stagedPages.clear();
        givenPages = given;
        morePages = given == null ? 0 : entryPagesMax - given.size();
    }

    /** Whether the entry of a block can be staged. */
    boolean hasRoomFor(long blockIndex) {
        if (givenPages == null || entries.room() == 0) {
            return false;
        }
        long page = batPages.pageOffsetBytes(blockIndex);
        return stagedPages.size() < morePages || givenPages.contains(page) || stagedPages.contains(page);
    }

    /** Whether one more block and changes on all of these pages, by their place in the file, can be staged. */
    boolean hasRoomFor(Set<Long> pages) {
        if (givenPages == null || entries.room() == 0) {
            return false;
        }
        int further = 0;
        for (long page : pages) {
            further += givenPages.contains(page) || stagedPages.contains(page) ? 0 : 1;
        }
        return further == 0 || stagedPages.size() + further <= morePages;
    }

    /** The block's entry as it will be. */
    int entry(long blockIndex) {
        int position = entries.find(blockIndex);
        return position < 0 ? map.entry(blockIndex) : entries.entry(position);
    }

    /** Stages a block's entry. */
    void stage(long blockIndex, int newEntry) {
        int position = entries.find(blockIndex);
        if (position >= 0) {
            // The place of an entry that was staged in this batch has never been seen by anybody, unless it is the old
            // one.
            long placeMib = BlockMap.fileOffsetMib(entries.entry(position));
            if (placeMib != 0
                    && placeMib != BlockMap.fileOffsetMib(newEntry)
                    && placeMib != BlockMap.fileOffsetMib(map.entry(blockIndex))) {
                quarantine.retireUnseen(runAt(placeMib));
            }
        }
        entries.put(blockIndex, newEntry);
        take(batPages.pageOffsetBytes(blockIndex));
    }

    /** Counts pages as staged, by their place in the file. */
    void take(Set<Long> pages) {
        pages.forEach(this::take);
    }

    private void take(long page) {
        if (givenPages != null && !givenPages.contains(page)) {
            stagedPages.add(page);
        }
    }

    boolean isEmpty() {
        return entries.isEmpty() && (bitmaps == null || bitmaps.isEmpty());
    }

    /** The sector bitmap blocks that the disk may still need space for. */
    long absentBitmapCount() {
        return bitmaps == null ? 0 : bitmaps.absentCount();
    }

    /** The pages of the log entry that makes the staged changes. */
    List<LogPage> pages() {
        if (bitmaps == null) {
            return batPages.pages(entries, Map.of());
        }
        List<LogPage> pages = new ArrayList<>(batPages.pages(entries, bitmaps.addedPlaces()));
        pages.addAll(bitmaps.logPages());
        return pages;
    }

    /**
     * Shows the staged changes to everybody. They are in the log.
     *
     * @return by how many the number of present blocks has changed
     */
    int publish() {
        if (bitmaps != null) {
            // First: who sees a block as partially present sees its bits.
            bitmaps.publish();
        }
        int presentChange = 0;
        for (int i = 0; i < entries.count(); i++) {
            int before = map.entry(entries.block(i));
            int after = entries.entry(i);
            presentChange -= BlockMap.isPresent(before) ? 1 : 0;
            presentChange += BlockMap.isPresent(after) ? 1 : 0;
            map.publish(entries.block(i), after);
            long placeMib = BlockMap.fileOffsetMib(before);
            if (placeMib != 0 && placeMib != BlockMap.fileOffsetMib(after)) {
                quarantine.retire(runAt(placeMib));
            }
        }
        entries.clear();
        stagedPages.clear();
        return presentChange;
    }

    /** The space of a block that is at this place. */
    Run runAt(long placeMib) {
        return new Run(placeMib, disk.geometry().blockSizeMib());
    }
}
