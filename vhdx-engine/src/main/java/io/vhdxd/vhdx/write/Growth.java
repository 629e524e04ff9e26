package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.KnownItem;
import io.vhdxd.vhdx.format.KnownRegion;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes the virtual disk larger while it is in use, with one log entry that changes its size.
 *
 * <p>Everything that the larger disk needs is made durable before that entry, in places that do not count while the disk has
 * its old size: the part of the last block that lay behind the disk's end, which has to read as zeros from then on, and the
 * entries of the new blocks. Where the BAT region has no room for these, the whole table is written to a new region at the
 * end of the file, and the entry changes the region tables as well. So a crash leaves the old disk or the new one, to
 * every reader.
 *
 * <p>What the parent of a differencing disk has behind the disk's old end must never appear. Its new blocks become {@link
 * PayloadBlockState#ZERO} as far as the parent reaches, and the part of its last block behind the end is covered with zeros
 * before all else, as if they were written ({@link PartialBlocks#coverEnd}); that changes nothing while the disk has its old
 * size.
 *
 * <p>The space of a BAT region that was left stays claimed until the next opening: entries that are still in the log
 * write to it when they are replayed.
 */
final class Growth {
    private final Storage storage;
    private final Disk disk;
    private final BlockMap map;
    private final BatPages batPages;
    private final SpaceAllocator allocator;
    private final LogWriter log;
    private final RegionEntry metadata;
    /** Both null if the disk has no parent. */
    private final @Nullable WritableChild child;

    private final @Nullable StagedBitmaps bitmaps;
    private RegionEntry bat;

    Growth(
            WritableImage image,
            Disk disk,
            BatPages batPages,
            SpaceAllocator allocator,
            LogWriter log,
            @Nullable StagedBitmaps bitmaps) {
        this.storage = image.storage();
        this.disk = disk;
        this.map = image.blockMap();
        this.batPages = batPages;
        this.allocator = allocator;
        this.log = log;
        this.metadata = image.metadata();
        this.child = image.child();
        this.bitmaps = bitmaps;
        this.bat = image.bat();
    }

    /**
     * The geometry of the grown disk.
     *
     * @throws UnsupportedImageException if the disk cannot have this size
     */
    Geometry larger(long newSizeBytes) throws UnsupportedImageException {
        Geometry before = disk.geometry();
        int sectorBytes = before.logicalSectorSizeBytes();
        if (newSizeBytes < before.virtualSizeBytes()
                || newSizeBytes > Geometry.VIRTUAL_SIZE_MAX_BYTES
                || newSizeBytes % sectorBytes != 0) {
            throw new UnsupportedImageException("the disk cannot grow to " + newSizeBytes
                    + " bytes, expected a multiple of " + sectorBytes + " from " + before.virtualSizeBytes() + " to "
                    + Geometry.VIRTUAL_SIZE_MAX_BYTES);
        }
        return new Geometry(newSizeBytes, before.blockSizeBytes(), sectorBytes);
    }

    /**
     * Covers what lies behind the disk's end in its last block, if anything but zeros could appear there.
     *
     * @return false if there was no space for it
     * @throws io.vhdxd.vhdx.storage.NoSpaceException if the file system is full
     * @throws io.vhdxd.vhdx.diagnosis.UnreadableException if the block's bitmap cannot be read
     * @throws IOException if the image has to be given up
     */
    boolean coverEnd(Operation operation, Batch batch) throws IOException {
        return child == null || batch.coverEnd(operation, child.parentSizeBytes());
    }

    /** Whether the log lets the disk grow now: all that it holds is in place, and it has room for an entry. */
    boolean isPossible() {
        return log.isAllInPlace() && log.nextEntryPages() != null;
    }

    /**
     * Grows the disk. It is larger when this returns; it is durably so after the next sync.
     *
     * @return how many of the new blocks have no space
     * @throws io.vhdxd.vhdx.storage.NoSpaceException if the file system is full; the disk has its old size
     * @throws CorruptImageException if a structure that has to be changed cannot be read; the disk has its old size
     * @throws UnsupportedImageException if the change is too large for one log entry; the disk has its old size
     * @throws IOException if the image has to be given up
     */
    long growTo(Geometry larger) throws IOException {
        Geometry before = disk.geometry();
        PageEdits edits = new PageEdits(storage);
        edits.put(
                MetadataItems.fileOffsetBytes(storage, metadata, KnownItem.VIRTUAL_DISK_SIZE),
                ByteBuffer.allocateDirect(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(0, larger.virtualSizeBytes()));
        clearEndOfLastBlock(before);
        map.grow(larger.blockCount());
        if (disk.fixed()) {
            provideBlocks(before, larger);
        }
        if (child != null) {
            child.bitmaps().places().grow(larger.chunkCount());
            hideParent(child.parentSizeBytes(), before, larger);
        }
        long neededBytes = larger.batEntryCount(child != null) * BatEntry.BYTES;
        RegionEntry newBat = bat;
        if (neededBytes <= bat.lengthBytes()) {
            writeNewPages(before, larger, edits);
        } else {
            newBat = writeWholeTable(larger, neededBytes);
            RegionTables.replace(storage, KnownRegion.BAT, newBat, edits);
        }
        List<LogPage> pages = edits.changedPages();
        if (pages.size() > log.entryPagesMax()) {
            throw new UnsupportedImageException("the new size changes " + pages.size()
                    + " pages of the image's structures, expected at most " + log.entryPagesMax()
                    + "; the image has to be repaired first");
        }
        for (LogPage page : pages) {
            // Their writing must not fail when they are due.
            storage.reserve(page.fileOffsetBytes(), BatPages.PAGE_BYTES);
        }
        storage.sync();
        log.append(pages, allocator.fileEndMib() * Geometry.MIB);
        if (!newBat.equals(bat)) {
            bat = newBat;
            batPages.movedTo(newBat.fileOffsetBytes());
        }
        disk.grown(larger);
        if (bitmaps != null) {
            bitmaps.grown(larger.chunkCount() - before.chunkCount());
        }
        return disk.fixed() ? 0 : larger.blockCount() - before.blockCount();
    }

    /** What the file has behind the disk's end, in its last block, may be anything. */
    private void clearEndOfLastBlock(Geometry before) throws IOException {
        long inBlockBytes = before.virtualSizeBytes() % before.blockSizeBytes();
        if (inBlockBytes == 0) {
            return;
        }
        int entry = map.entry(before.blockCount() - 1);
        if (BlockMap.isFullyPresent(entry)) {
            storage.zeroRange(BlockMap.fileOffsetBytes(entry) + inBlockBytes, before.blockSizeBytes() - inBlockBytes);
        }
    }

    /** Gives all new blocks of a fixed disk their space, in one run at the end of the file. */
    private void provideBlocks(Geometry before, Geometry larger) throws IOException {
        long blockCount = larger.blockCount() - before.blockCount();
        if (blockCount == 0) {
            return;
        }
        long placeMib = extendFile(blockCount * larger.blockSizeMib());
        storage.zeroRange(placeMib * Geometry.MIB, blockCount * larger.blockSizeBytes());
        for (long i = 0; i < blockCount; i++) {
            long blockMib = placeMib + i * larger.blockSizeMib();
            map.publish(before.blockCount() + i, BlockMap.entryOf(PayloadBlockState.FULLY_PRESENT, blockMib));
        }
    }

    /** Lets new blocks read as zeros where the parent may hold something. */
    private void hideParent(long parentSizeBytes, Geometry before, Geometry larger) {
        long end = Math.min(Math.ceilDiv(parentSizeBytes, larger.blockSizeBytes()), larger.blockCount());
        for (long block = before.blockCount(); block < end; block++) {
            map.publish(block, BlockMap.entryOf(PayloadBlockState.ZERO, 0));
        }
    }

    private long extendFile(long byMib) throws IOException {
        storage.setSize((allocator.fileEndMib() + byMib) * Geometry.MIB);
        return allocator.claimAtEnd(byMib);
    }

    /**
     * Writes the entries of the new blocks behind the others. Pages with entries that count already go through the log; the
     * other ones count for nobody yet, whatever they held before.
     */
    private void writeNewPages(Geometry before, Geometry larger, PageEdits edits) throws IOException {
        // The last chunk of a differencing disk has its bitmap's entry behind those of blocks that are new.
        long newIndex = child == null ? before.batEntryCount() : before.batIndexOfBlock(before.blockCount());
        long lastIndex = before.batEntryCount(child != null) - 1;
        long from = newIndex / BatPages.PAGE_ENTRIES;
        if (newIndex % BatPages.PAGE_ENTRIES != 0) {
            edits.put(pageOffsetBytes(bat, from), batPages.published(from, larger));
            from++;
        }
        long endPage = Math.ceilDiv(larger.batEntryCount(child != null), BatPages.PAGE_ENTRIES);
        long lastPage = lastIndex / BatPages.PAGE_ENTRIES;
        if (lastIndex >= newIndex && lastPage >= from) {
            edits.put(pageOffsetBytes(bat, lastPage), batPages.published(lastPage, larger));
            writePages(bat, from, lastPage, larger);
            from = lastPage + 1;
        }
        writePages(bat, from, endPage, larger);
    }

    private RegionEntry writeWholeTable(Geometry larger, long neededBytes) throws IOException {
        long lengthMib = Math.ceilDiv(neededBytes, Geometry.MIB);
        long placeMib = extendFile(lengthMib);
        RegionEntry moved = new RegionEntry(bat.id(), placeMib * Geometry.MIB, lengthMib * Geometry.MIB, bat.flags());
        writePages(moved, 0, Math.ceilDiv(neededBytes, (long) BatPages.PAGE_BYTES), larger);
        return moved;
    }

    /** Writes pages that count for nobody yet: zeros, and then those that are not all zeros. */
    private void writePages(RegionEntry region, long fromPage, long endPage, Geometry larger) throws IOException {
        if (fromPage >= endPage) {
            return;
        }
        storage.punchHole(pageOffsetBytes(region, fromPage), (endPage - fromPage) * BatPages.PAGE_BYTES);
        BitSet written = batPages.publishedPages(larger);
        long page = written.nextSetBit(Math.toIntExact(fromPage));
        while (page >= 0 && page < endPage) {
            storage.write(batPages.published(page, larger), pageOffsetBytes(region, page));
            page = written.nextSetBit(Math.toIntExact(page + 1));
        }
    }

    private static long pageOffsetBytes(RegionEntry region, long page) {
        return region.fileOffsetBytes() + page * BatPages.PAGE_BYTES;
    }
}
