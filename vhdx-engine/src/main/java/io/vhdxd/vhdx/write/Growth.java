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
import java.util.List;

/**
 * Makes the virtual disk larger while it is in use, with one log entry that changes its size.
 *
 * <p>Everything that the larger disk needs is made durable before that entry, in places that do not count while the disk has
 * its old size: the part of the last block that lay behind the disk's end, which has to read as zeros from then on, and the
 * entries of the new blocks. Where the BAT region has no room for these, the whole table is written to a new region at the
 * end of the file, and the entry changes the region tables as well. So a crash leaves the old disk or the new one, to
 * every reader.
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
    private RegionEntry bat;

    Growth(WritableImage image, Disk disk, BatPages batPages, SpaceAllocator allocator, LogWriter log) {
        this.storage = image.storage();
        this.disk = disk;
        this.map = image.blockMap();
        this.batPages = batPages;
        this.allocator = allocator;
        this.log = log;
        this.metadata = image.metadata();
        this.bat = image.bat();
    }

    /**
     * The geometry of the grown disk.
     *
     * @throws UnsupportedImageException if the disk cannot have this size
     */
    Geometry larger(long newSizeBytes) throws UnsupportedImageException {
        Geometry before = disk.geometry();
        if (disk.hasParent() && newSizeBytes != before.virtualSizeBytes()) {
            throw new UnsupportedImageException(
                    "the disk has a parent, and cannot grow; its size is " + before.virtualSizeBytes() + " bytes");
        }
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
        long neededBytes = larger.batEntryCount() * BatEntry.BYTES;
        RegionEntry newBat = bat;
        if (neededBytes <= bat.lengthBytes()) {
            writeNewPages(before, larger, edits);
        } else {
            newBat = writeWholeTable(larger, neededBytes);
            RegionTables.replace(storage, KnownRegion.BAT, newBat, edits);
        }
        List<LogPage> pages = edits.changedPages();
        if (pages.size() > LogWriter.ENTRY_PAGES_MAX) {
            throw new UnsupportedImageException("the new size changes " + pages.size()
                    + " pages of the image's structures, expected at most " + LogWriter.ENTRY_PAGES_MAX
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

    private long extendFile(long byMib) throws IOException {
        storage.setSize((allocator.fileEndMib() + byMib) * Geometry.MIB);
        return allocator.claimAtEnd(byMib);
    }

    /**
     * Writes the entries of the new blocks behind the others. Pages with entries of old blocks go through the log; the
     * other ones count for nobody yet, whatever they held before.
     */
    private void writeNewPages(Geometry before, Geometry larger, PageEdits edits) throws IOException {
        long newPage = Math.ceilDiv(before.batEntryCount(), BatPages.PAGE_ENTRIES);
        long endPage = Math.ceilDiv(larger.batEntryCount(), BatPages.PAGE_ENTRIES);
        if (before.batEntryCount() % BatPages.PAGE_ENTRIES != 0) {
            edits.put(pageOffsetBytes(bat, newPage - 1), batPages.published(newPage - 1, larger));
        }
        if (newPage < endPage) {
            storage.punchHole(pageOffsetBytes(bat, newPage), (endPage - newPage) * BatPages.PAGE_BYTES);
            writePages(bat, newPage, larger);
        }
    }

    private RegionEntry writeWholeTable(Geometry larger, long neededBytes) throws IOException {
        long lengthMib = Math.ceilDiv(neededBytes, Geometry.MIB);
        long placeMib = extendFile(lengthMib);
        RegionEntry moved = new RegionEntry(bat.id(), placeMib * Geometry.MIB, lengthMib * Geometry.MIB, bat.flags());
        writePages(moved, 0, larger);
        return moved;
    }

    /** Writes the pages from this one on that are not all zeros, into space that is. */
    private void writePages(RegionEntry region, long fromPage, Geometry larger) throws IOException {
        long written = fromPage - 1;
        long block = map.nextMapped(0);
        while (block < larger.blockCount()) {
            long page = larger.batIndexOfBlock(block) / BatPages.PAGE_ENTRIES;
            if (page > written && map.entry(block) != BlockMap.NOT_PRESENT) {
                storage.write(batPages.published(page, larger), pageOffsetBytes(region, page));
                written = page;
            }
            block = map.nextMapped(block + 1);
        }
    }

    private static long pageOffsetBytes(RegionEntry region, long page) {
        return region.fileOffsetBytes() + page * BatPages.PAGE_BYTES;
    }
}
