package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.diagnosis.UnreadableException;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Changes the blocks of a differencing disk that lean on its parent: those that are not present, and those that are
 * partially. What is written to them goes to its place at once, and is shown when it is durable, see {@link Exposures}:
 * by the bits of its sectors in a block that becomes or stays partially present, by the block's entry alone where all of
 * it is written then.
 *
 * <p>A block that leaned on the parent once and does not any more never does again, so the bits that such a block leaves
 * behind mean nothing. The bits of a block that becomes partially present are all cleared by the log entry that makes it
 * so.
 */
final class PartialBlocks {
    /** A change of a part of a block at its place. */
    @FunctionalInterface
    interface PlaceChange {
        void at(long fileOffsetBytes) throws IOException;
    }

    private final Disk disk;
    private final Storage storage;
    private final ParentContent parent;
    private final BatPages batPages;
    private final SpaceAllocator allocator;
    private final Quarantine quarantine;
    private final Staging staging;
    private final StagedBitmaps bitmaps;
    private final Exposures exposures;
    /** Space for the bitmap blocks of chunks that have none yet, in MiB. */
    private final Map<Long, Long> newBitmapPlaces = new HashMap<>();
    /** The pages of bitmap blocks that own space in the file for sure, by the block's place in MiB. */
    private final Map<Long, BitSet> reservedPages = new HashMap<>();

    private final ByteBuffer edge;

    PartialBlocks(
            Disk disk,
            Storage storage,
            ParentContent parent,
            BatPages batPages,
            SpaceAllocator allocator,
            Quarantine quarantine,
            Staging staging,
            StagedBitmaps bitmaps,
            Exposures exposures) {
        this.disk = disk;
        this.storage = storage;
        this.parent = parent;
        this.batPages = batPages;
        this.allocator = allocator;
        this.quarantine = quarantine;
        this.staging = staging;
        this.bitmaps = bitmaps;
        this.exposures = exposures;
        this.edge = ByteBuffer.allocateDirect(disk.geometry().logicalSectorSizeBytes());
    }

    boolean hasRoom() {
        return exposures.hasRoom();
    }

    /** Whether some of a block may be the parent's content, as things will be. */
    boolean leansOnParent(long blockIndex) {
        return switch (BlockMap.state(staging.entry(blockIndex))) {
            case NOT_PRESENT, PARTIALLY_PRESENT -> true;
            case UNDEFINED, ZERO, UNMAPPED, FULLY_PRESENT -> false;
        };
    }

    /**
     * Changes a part of a block that leans on the parent.
     *
     * @param fromBytes from the beginning of the block
     * @param operation is not complete before the change is shown
     * @return false if there was no space for the block; nothing was done
     * @throws UnreadableException if what stands beside the change could not be read; nothing was done
     */
    boolean change(Operation operation, long blockIndex, long fromBytes, long toBytes, PlaceChange change)
            throws IOException {
        long firstSector = sectorAt(blockIndex, fromBytes);
        int sectorCount = (int) (sectorAt(blockIndex, toBytes - 1) + 1 - firstSector);
        if (areAllShown(blockIndex, firstSector, sectorCount)) {
            change.at(BlockMap.fileOffsetBytes(staging.entry(blockIndex)) + fromBytes);
            return true;
        }
        long placeMib = provide(blockIndex, firstSector, sectorCount);
        if (placeMib < 0) {
            return false;
        }
        boolean written = false;
        try {
            fillEdges(blockIndex, placeMib, fromBytes, toBytes);
            change.at(placeMib * Geometry.MIB + fromBytes);
            written = true;
        } finally {
            if (!written && isUnused(blockIndex)) {
                quarantine.retireUnseen(staging.runAt(placeMib));
            }
        }
        exposures.add(new Exposure(blockIndex, placeMib, firstSector, sectorCount, operation));
        return true;
    }

    /** Whether nothing leads to the place of a block, neither now nor later. */
    private boolean isUnused(long blockIndex) {
        return staging.entry(blockIndex) == BlockMap.NOT_PRESENT
                && exposures.of(blockIndex).isEmpty();
    }

    /** Gives back the space of bitmap blocks that never came to be, at the close of the image. */
    void releaseUnused() {
        newBitmapPlaces.values().forEach(allocator::releaseBitmap);
        newBitmapPlaces.clear();
    }

    /** Forgets what waits to be shown of a block, whose content is given up as a whole. */
    void cancel(long blockIndex) {
        List<Exposure> waiting = exposures.of(blockIndex);
        if (!waiting.isEmpty()) {
            if (staging.entry(blockIndex) == BlockMap.NOT_PRESENT) {
                quarantine.retireUnseen(staging.runAt(waiting.getFirst().placeMib()));
            }
            exposures.cancel(blockIndex);
        }
    }

    /**
     * Makes sure that the part of the disk's last block which lies behind the disk's end will read as zeros when the disk
     * grows over it, whatever the parent has there and whatever was left of it: it is written like any other part of a block.
     *
     * @param operation is not complete before this is durable
     * @return false if there was no space for the block; nothing was done
     */
    boolean coverEnd(Operation operation, long parentSizeBytes) throws IOException {
        Geometry geometry = disk.geometry();
        long inBlockBytes = geometry.virtualSizeBytes() % geometry.blockSizeBytes();
        if (inBlockBytes == 0) {
            return true;
        }
        long block = geometry.blockCount() - 1;
        boolean showsParent = parentSizeBytes > geometry.virtualSizeBytes();
        boolean holdsSectors = BlockMap.isPartiallyPresent(staging.entry(block))
                || !exposures.of(block).isEmpty();
        if (!leansOnParent(block) || !(showsParent || holdsSectors)) {
            return true;
        }
        return change(
                operation,
                block,
                inBlockBytes,
                geometry.blockSizeBytes(),
                offsetBytes -> storage.punchHole(offsetBytes, geometry.blockSizeBytes() - inBlockBytes));
    }

    // --- before the write
    // ---------------------------------------------------------------------------------------------

    private boolean areAllShown(long blockIndex, long firstSector, int sectorCount) throws UnreadableException {
        if (!BlockMap.isPartiallyPresent(staging.entry(blockIndex))) {
            return false;
        }
        try {
            return bitmaps.areAllSet(firstSector, sectorCount);
        } catch (IOException e) {
            throw new UnreadableException("the sector bitmap of block " + blockIndex + " cannot be read", e);
        }
    }

    /** Takes space and makes sure that nothing which is due later can fail for want of it; -1 if there is none in stock. */
    private long provide(long blockIndex, long firstSector, int sectorCount) throws IOException {
        batPages.reserve(storage, blockIndex);
        int entry = staging.entry(blockIndex);
        if (BlockMap.isPartiallyPresent(entry)) {
            long chunk = disk.geometry().chunkOfBlock(blockIndex);
            reserve(StagedBitmaps.pageOffsets(bitmaps.placeMib(chunk), firstSector, sectorCount));
            return BlockMap.fileOffsetMib(entry);
        }
        // The bitmap comes first, and stays provided: if space is short for either, the stock is used up, which asks
        // for more.
        if (!isWhole(blockIndex, firstSector, sectorCount) && !provideBitmap(blockIndex)) {
            return -1;
        }
        List<Exposure> waiting = exposures.of(blockIndex);
        return waiting.isEmpty() ? allocator.take() : waiting.getFirst().placeMib();
    }

    /** Makes sure that the block's bits can be logged and written; false if there is no space for its chunk's bitmap. */
    private boolean provideBitmap(long blockIndex) throws IOException {
        long chunk = disk.geometry().chunkOfBlock(blockIndex);
        long placeMib = bitmapPlaceMib(chunk);
        if (placeMib == 0) {
            placeMib = allocator.takeForBitmap();
            if (placeMib < 0) {
                return false;
            }
            newBitmapPlaces.put(chunk, placeMib);
        }
        batPages.reserveBitmapEntry(storage, chunk);
        reserve(StagedBitmaps.pageOffsets(placeMib, sectorAt(blockIndex, 0), blockSectors()));
        return true;
    }

    private void reserve(Set<Long> pages) throws IOException {
        for (long page : pages) {
            BitSet reserved = reservedPages.computeIfAbsent(page / Geometry.MIB, place -> new BitSet());
            int index = (int) (page % Geometry.MIB / SectorBitmaps.PAGE_BYTES);
            if (!reserved.get(index)) {
                storage.reserve(page, SectorBitmaps.PAGE_BYTES);
                reserved.set(index);
            }
        }
    }

    /** Where the bitmap of a chunk is or will be; 0 if it has none. */
    private long bitmapPlaceMib(long chunk) {
        long placeMib = bitmaps.placeMib(chunk);
        return placeMib == 0 ? newBitmapPlaces.getOrDefault(chunk, 0L) : placeMib;
    }

    /**
     * Gives sectors that the change covers only in part the parent's content, where they are not at the place already: all of
     * such a sector will be shown.
     */
    private void fillEdges(long blockIndex, long placeMib, long fromBytes, long toBytes) throws IOException {
        int mask = disk.geometry().logicalSectorSizeBytes() - 1;
        long first = sectorAt(blockIndex, fromBytes);
        long last = sectorAt(blockIndex, toBytes - 1);
        if ((fromBytes & mask) != 0) {
            fillEdge(blockIndex, placeMib, first);
        }
        if ((toBytes & mask) != 0 && (last != first || (fromBytes & mask) == 0)) {
            fillEdge(blockIndex, placeMib, last);
        }
    }

    private void fillEdge(long blockIndex, long placeMib, long sector) throws IOException {
        for (Exposure waiting : exposures.of(blockIndex)) {
            if (waiting.holds(sector)) {
                return;
            }
        }
        if (areAllShown(blockIndex, sector, 1)) {
            return;
        }
        long offsetBytes = sector << disk.geometry().logicalSectorSizeShift();
        try {
            parent.read(offsetBytes, edge.clear());
        } catch (IOException e) {
            throw new UnreadableException(
                    "the parent cannot be read at offset " + offsetBytes + " to write a part of a sector", e);
        }
        storage.write(edge.flip(), placeMib * Geometry.MIB + (offsetBytes - disk.blockStartBytes(blockIndex)));
    }

    // --- after the write
    // ----------------------------------------------------------------------------------------------

    /**
     * Stages as many of the writes that are durable now as the log entry has room for.
     *
     * @return how many were staged; the others have to go before anything else is staged
     */
    int stageReady() {
        int staged = 0;
        Exposure exposure = exposures.firstReady();
        while (exposure != null && stageOrFail(exposure)) {
            staged++;
            exposure = exposures.firstReady();
        }
        // What is staged now makes room for the others when it is logged; only an entry that has no room at all needs a
        // round.
        exposures.block(exposure != null && staged == 0);
        return staged;
    }

    /**
     * Stages one, or fails its operation if the bitmap cannot be read: what it wrote is never shown then, so that everything is
     * as if it had not been written, and the image goes on.
     *
     * @return false if there is no room for it
     */
    private boolean stageOrFail(Exposure exposure) {
        try {
            if (!stage(exposure)) {
                return false;
            }
            exposures.firstIsStaged();
        } catch (IOException e) {
            exposure.operation()
                    .fail(new UnreadableException(
                            "the sector bitmap of block " + exposure.blockIndex() + " cannot be read", e));
            exposures.firstIsStaged();
            if (isUnused(exposure.blockIndex())) {
                quarantine.retireUnseen(staging.runAt(exposure.placeMib()));
            }
        }
        return true;
    }

    /** Stages one; false if there is no room for it. */
    private boolean stage(Exposure exposure) throws IOException {
        long block = exposure.blockIndex();
        int entry = staging.entry(block);
        return switch (BlockMap.state(entry)) {
            case NOT_PRESENT -> stageFirst(exposure);
            case PARTIALLY_PRESENT -> stageFurther(exposure, entry);
            case FULLY_PRESENT -> true;
            case UNDEFINED, ZERO, UNMAPPED ->
                throw new AssertionError("block " + block + " was given up while a write to it waits");
        };
    }

    /** Shows the first sectors of a block. */
    private boolean stageFirst(Exposure exposure) throws IOException {
        long block = exposure.blockIndex();
        if (isWhole(block, exposure.firstSector(), exposure.sectorCount())) {
            if (!staging.hasRoomFor(block)) {
                return false;
            }
            staging.stage(block, BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, exposure.placeMib()));
            return true;
        }
        long chunk = disk.geometry().chunkOfBlock(block);
        long bitmapMib = bitmapPlaceMib(chunk);
        Set<Long> pages = StagedBitmaps.pageOffsets(bitmapMib, sectorAt(block, 0), blockSectors());
        pages.add(batPages.pageOffsetBytes(block));
        pages.add(batPages.bitmapPageOffsetBytes(chunk));
        if (!staging.hasRoomFor(pages)) {
            return false;
        }
        if (bitmaps.placeMib(chunk) == 0) {
            bitmaps.add(chunk, bitmapMib);
            newBitmapPlaces.remove(chunk);
        }
        staging.take(pages);
        bitmaps.fill(sectorAt(block, 0), blockSectors(), false);
        bitmaps.fill(exposure.firstSector(), exposure.sectorCount(), true);
        staging.stage(block, BlockMap.entryOf(PayloadBlockState.PARTIALLY_PRESENT, exposure.placeMib()));
        return true;
    }

    /** Shows more sectors of a block; it does not lean on the parent any more if there are no others. */
    private boolean stageFurther(Exposure exposure, int entry) throws IOException {
        long block = exposure.blockIndex();
        long chunk = disk.geometry().chunkOfBlock(block);
        Set<Long> pages =
                StagedBitmaps.pageOffsets(bitmaps.placeMib(chunk), exposure.firstSector(), exposure.sectorCount());
        pages.add(batPages.pageOffsetBytes(block));
        if (!staging.hasRoomFor(pages)) {
            return false;
        }
        staging.take(pages);
        // First all that can fail.
        boolean complete = areOthersSet(exposure);
        bitmaps.fill(exposure.firstSector(), exposure.sectorCount(), true);
        if (complete) {
            staging.stage(block, BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, BlockMap.fileOffsetMib(entry)));
        }
        return true;
    }

    /** Whether all sectors of a block are shown, as far as the disk goes, but for those of an exposure. */
    private boolean areOthersSet(Exposure exposure) throws IOException {
        long first = sectorAt(exposure.blockIndex(), 0);
        long end = first + heldSectors(exposure.blockIndex());
        long exposedEnd = exposure.firstSector() + exposure.sectorCount();
        return bitmaps.areAllSet(first, Math.min(exposure.firstSector(), end) - first)
                && bitmaps.areAllSet(Math.min(exposedEnd, end), end - Math.min(exposedEnd, end));
    }

    private long sectorAt(long blockIndex, long inBlockBytes) {
        return (disk.blockStartBytes(blockIndex) + inBlockBytes)
                >> disk.geometry().logicalSectorSizeShift();
    }

    private long blockSectors() {
        return disk.geometry().blockSizeBytes() >> disk.geometry().logicalSectorSizeShift();
    }

    /** The sectors of a block as far as the disk goes. */
    private long heldSectors(long blockIndex) {
        return sectorAt(blockIndex, disk.blockEndBytes(blockIndex) - disk.blockStartBytes(blockIndex))
                - sectorAt(blockIndex, 0);
    }

    private boolean isWhole(long blockIndex, long firstSector, int sectorCount) {
        return firstSector == sectorAt(blockIndex, 0) && sectorCount == heldSectors(blockIndex);
    }
}
