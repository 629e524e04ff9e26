package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one turn of the agent changes: payload goes to the file at once, changes of the block map are staged until they
 * are in the log. Operations act through this class; it knows the blocks as they will be when the batch is published.
 */
final class Batch {
    /** A batch ends when it has written so much payload, so that its first operation is not kept waiting by its last. */
    private static final long PAYLOAD_MAX_BYTES = 4L << 20;
    /** Up to here zeros are written; the file system takes longer to make a hole of so little. */
    private static final int WRITTEN_ZEROS_MAX_BYTES = 64 << 10;

    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(WRITTEN_ZEROS_MAX_BYTES);

    private final Disk disk;
    private final Storage storage;
    private final BlockMap map;
    private final BatPages batPages;
    private final SpaceAllocator allocator;
    private final Quarantine quarantine;

    private final StagedEntries staged = new StagedEntries();
    /** Pages with staged entries that the log entry would not hold otherwise. */
    private final Set<Long> stagedPages = new HashSet<>();
    /** Space of published blocks that the batch unmaps. */
    private final List<Run> unmapped = new ArrayList<>();

    /** Pages that the batch's log entry will hold in any case; null if there can be no entry. */
    private @Nullable Set<Long> givenPages;
    /** How many pages the batch may stage besides those. */
    private int morePages;

    private long payloadBytes;

    Batch(
            Disk disk,
            Storage storage,
            BlockMap map,
            BatPages batPages,
            SpaceAllocator allocator,
            Quarantine quarantine) {
        this.disk = disk;
        this.storage = storage;
        this.map = map;
        this.batPages = batPages;
        this.allocator = allocator;
        this.quarantine = quarantine;
    }

    /**
     * Begins a batch.
     *
     * @param givenPages the pages that its log entry will hold in any case, by their place in the file; null if there can be
     *     no entry, so that the batch must not change the map
     */
    void begin(@Nullable Set<Long> givenPages) {
        assert staged.isEmpty();
        this.givenPages = givenPages;
        morePages = givenPages == null ? 0 : LogWriter.ENTRY_PAGES_MAX - givenPages.size();
        payloadBytes = 0;
    }

    Disk disk() {
        return disk;
    }

    boolean hasRoomFor(long blockIndex) {
        if (givenPages == null || staged.room() == 0 || payloadBytes >= PAYLOAD_MAX_BYTES) {
            return false;
        }
        long page = batPages.pageOffsetBytes(blockIndex);
        return givenPages.contains(page) || stagedPages.contains(page) || stagedPages.size() < morePages;
    }

    /** Whether the block has space of its own, as things will be. */
    boolean isPresent(long blockIndex) {
        return BlockMap.isFullyPresent(entry(blockIndex));
    }

    /** Whether any block of a range is in another state than NOT_PRESENT and ZERO. */
    boolean holdsMapped(long offsetBytes, long endBytes) {
        if (offsetBytes == endBytes) {
            return false;
        }
        long lastBlock = disk.blockOf(endBytes - 1);
        long block = map.nextMapped(disk.blockOf(offsetBytes));
        while (block <= lastBlock) {
            switch (BlockMap.state(map.entry(block))) {
                case NOT_PRESENT, ZERO -> block = map.nextMapped(block + 1);
                case UNDEFINED, UNMAPPED, FULLY_PRESENT, PARTIALLY_PRESENT -> {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Takes space for a block that has none: its place in MiB, or -1 if there is none in stock.
     *
     * @throws NoSpaceException if the block's page of the BAT stands in a hole of the file that cannot be filled
     */
    long takeSpace(long blockIndex) throws IOException {
        batPages.reserve(storage, blockIndex);
        return allocator.take();
    }

    /** Writes into a block that is present. */
    void writeInPlace(long blockIndex, long inBlockBytes, ByteBuffer[] srcs, long lengthBytes) throws IOException {
        storage.write(srcs, placeBytes(blockIndex) + inBlockBytes);
        payloadBytes += lengthBytes;
    }

    /** Writes into space that {@link #takeSpace} gave, and maps the block to it. */
    void writeToNewBlock(long blockIndex, long placeMib, long inBlockBytes, ByteBuffer[] srcs, long lengthBytes)
            throws IOException {
        boolean written = false;
        try {
            storage.write(srcs, placeMib * Geometry.MIB + inBlockBytes);
            written = true;
        } finally {
            if (!written) {
                quarantine.retireUnseen(runAt(placeMib));
            }
        }
        payloadBytes += lengthBytes;
        mapTo(blockIndex, placeMib);
    }

    /** Makes sure that space which {@link #takeSpace} gave will not fail a later write, and maps the block to it. */
    void reserveNewBlock(long blockIndex, long placeMib) throws IOException {
        boolean reserved = false;
        try {
            storage.reserve(placeMib * Geometry.MIB, disk.geometry().blockSizeBytes());
            reserved = true;
        } finally {
            if (!reserved) {
                allocator.putBack(placeMib);
            }
        }
        mapTo(blockIndex, placeMib);
    }

    /** Makes a part of a block that is present read as zeros. */
    void zeroInPlace(long blockIndex, long inBlockBytes, long lengthBytes, boolean keepSpace) throws IOException {
        long offsetBytes = placeBytes(blockIndex) + inBlockBytes;
        if (lengthBytes <= WRITTEN_ZEROS_MAX_BYTES) {
            storage.write(ZEROS.slice(0, (int) lengthBytes), offsetBytes);
            payloadBytes += lengthBytes;
        } else {
            if (keepSpace) {
                storage.zeroRange(offsetBytes, lengthBytes);
            } else {
                storage.punchHole(offsetBytes, lengthBytes);
            }
            payloadBytes += disk.zeroesFast() ? 0 : lengthBytes;
        }
    }

    /** Gives a part of a block that is present back to the file system. */
    void punchInPlace(long blockIndex, long inBlockBytes, long lengthBytes) throws IOException {
        storage.punchHole(placeBytes(blockIndex) + inBlockBytes, lengthBytes);
    }

    /** Takes a block's space away; the block reads as zeros from then on. */
    void unmap(long blockIndex, PayloadBlockState state) throws IOException {
        batPages.reserve(storage, blockIndex);
        stage(blockIndex, BlockMap.entryOf(state, 0));
    }

    /**
     * Makes sure that a block without space reads as zeros in every program: one in the state UNMAPPED or UNDEFINED may
     * show old content elsewhere ([MS-VHDX] 2.5.1.1), here it read as zeros all the time.
     */
    void settleAsZero(long blockIndex) throws IOException {
        switch (BlockMap.state(entry(blockIndex))) {
            case UNMAPPED, UNDEFINED -> unmap(blockIndex, PayloadBlockState.ZERO);
            case NOT_PRESENT, ZERO, FULLY_PRESENT, PARTIALLY_PRESENT -> {}
        }
    }

    boolean hasStaged() {
        return !staged.isEmpty();
    }

    /** The pages of the log entry that makes the staged changes. */
    List<LogPage> pages() {
        return batPages.pages(staged);
    }

    /**
     * Shows the staged changes to everybody. They are in the log.
     *
     * @return by how many blocks the number of present blocks has changed
     */
    int publish() {
        int presentChange = 0;
        for (int i = 0; i < staged.count(); i++) {
            presentChange -= BlockMap.isFullyPresent(map.entry(staged.block(i))) ? 1 : 0;
            presentChange += BlockMap.isFullyPresent(staged.entry(i)) ? 1 : 0;
            map.publish(staged.block(i), staged.entry(i));
        }
        for (Run run : unmapped) {
            quarantine.retire(run);
        }
        staged.clear();
        stagedPages.clear();
        unmapped.clear();
        return presentChange;
    }

    private int entry(long blockIndex) {
        int position = staged.find(blockIndex);
        return position < 0 ? map.entry(blockIndex) : staged.entry(position);
    }

    private long placeBytes(long blockIndex) {
        return BlockMap.fileOffsetBytes(entry(blockIndex));
    }

    private void mapTo(long blockIndex, long placeMib) {
        stage(blockIndex, BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, placeMib));
    }

    private void stage(long blockIndex, int newEntry) {
        int position = staged.find(blockIndex);
        if (position >= 0) {
            // The place of an entry that was staged in this batch has never been seen by anybody.
            long unseenMib = BlockMap.fileOffsetMib(staged.entry(position));
            if (unseenMib != 0) {
                quarantine.retireUnseen(runAt(unseenMib));
            }
        } else {
            long publishedMib = BlockMap.fileOffsetMib(map.entry(blockIndex));
            if (publishedMib != 0) {
                unmapped.add(runAt(publishedMib));
            }
        }
        staged.put(blockIndex, newEntry);
        long page = batPages.pageOffsetBytes(blockIndex);
        if (givenPages != null && !givenPages.contains(page)) {
            stagedPages.add(page);
        }
    }

    private Run runAt(long placeMib) {
        return new Run(placeMib, disk.geometry().blockSizeMib());
    }
}
