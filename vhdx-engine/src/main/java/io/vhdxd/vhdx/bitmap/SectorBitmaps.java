package io.vhdxd.vhdx.bitmap;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The sector bitmaps of one differencing image ([MS-VHDX] 2.5.1.2).
 *
 * <p>No bitmap is kept in memory: its bytes are read from the file, whose pages the kernel caches, when they are asked
 * for; so the memory that they take follows what is touched, and is the kernel's to take back. The exception is the pages
 * that the writer has published and that are not in their place yet, because the file still holds their former content:
 * those are kept here, and there are never more of them than the log holds.
 *
 * <p>A bit of a block that stays partially present only ever changes from 0 to 1. So whoever reads bits while pages are
 * published or brought to their place sees for each sector what was true at some moment of the reading. What a block's bits
 * mean depends on its entry in the block map: readers look at the entry, then at the bits, and then whether the entry is
 * still the same.
 */
public final class SectorBitmaps {
    public static final int PAGE_BYTES = 4096;
    /** The sectors that one page describes. */
    public static final int PAGE_SECTORS = PAGE_BYTES * Byte.SIZE;

    private static final int CHUNK_SECTORS_SHIFT = 23;
    private static final long CHUNK_SECTORS_MASK = (1L << CHUNK_SECTORS_SHIFT) - 1;

    private final Geometry geometry;
    private final BitmapPlaces places;
    private final Storage storage;
    /** Published and not in place, by their place in the file. */
    private final Map<Long, ByteBuffer> notInPlace = new ConcurrentHashMap<>();

    private final ThreadLocal<SectorBits> scratch = ThreadLocal.withInitial(SectorBits::new);

    /** @param storage the file as it is after the replay of its log */
    public SectorBitmaps(Geometry geometry, BitmapPlaces places, Storage storage) {
        this.geometry = geometry;
        this.places = places;
        this.storage = storage;
    }

    public BitmapPlaces places() {
        return places;
    }

    /** The sector that holds a byte of the disk. */
    public long sectorOf(long offsetBytes) {
        return offsetBytes >>> geometry.logicalSectorSizeShift();
    }

    public static long chunkOf(long sector) {
        return sector >>> CHUNK_SECTORS_SHIFT;
    }

    /** The first sector that a later page describes than this one. */
    public static long pageEnd(long sector) {
        return (sector | (PAGE_SECTORS - 1)) + 1;
    }

    /** Where the page that describes a sector stands, from the start of its chunk's bitmap block. */
    public static long pageOffsetInBlock(long sector) {
        return (sector & CHUNK_SECTORS_MASK) / PAGE_SECTORS * PAGE_BYTES;
    }

    /** Which bit of its page describes a sector. */
    public static int bitInPage(long sector) {
        return (int) (sector & (PAGE_SECTORS - 1));
    }

    /**
     * The bits of a range of sectors that one page describes and whose chunk has a bitmap, until this thread asks for others.
     *
     * @param mayWait whether to wait for the device if need be
     * @return null if that takes waiting
     */
    public @Nullable SectorBits bits(long firstSector, int sectorCount, boolean mayWait) throws IOException {
        SectorBits bits = scratch.get();
        return load(bits, firstSector, sectorCount, mayWait) ? bits : null;
    }

    /**
     * Gets the bits of a range of sectors that one page describes and whose chunk has a bitmap.
     *
     * @param bits where they come to; belongs to the caller
     * @param mayWait whether to wait for the device if need be
     * @return false if that takes waiting
     */
    public boolean load(SectorBits bits, long firstSector, int sectorCount, boolean mayWait) throws IOException {
        ByteBuffer dst = bits.prepare(firstSector, sectorCount);
        long pageOffsetBytes = places.placeMib(chunkOf(firstSector)) * Geometry.MIB + pageOffsetInBlock(firstSector);
        int inPageBytes = bitInPage(firstSector) / Byte.SIZE;
        ByteBuffer page = notInPlace.get(pageOffsetBytes);
        if (page != null) {
            dst.put(0, page, page.position() + inPageBytes, dst.limit());
            return true;
        }
        if (!mayWait) {
            storage.readCached(dst, pageOffsetBytes + inPageBytes);
            return !dst.hasRemaining();
        }
        storage.read(dst, pageOffsetBytes + inPageBytes);
        requireFull(dst, pageOffsetBytes);
        return true;
    }

    /**
     * Whether the bits of a range of sectors, all of them in one chunk that has a bitmap, are all set.
     *
     * @param mayWait whether to wait for the device if need be
     * @return false also if that would take waiting
     */
    public boolean areAllSet(long firstSector, long sectorCount, boolean mayWait) throws IOException {
        long end = firstSector + sectorCount;
        long sector = firstSector;
        while (sector < end) {
            int count = (int) (Math.min(pageEnd(sector), end) - sector);
            SectorBits bits = bits(sector, count, mayWait);
            if (bits == null || !bits.areAllSet(0, count)) {
                return false;
            }
            sector += count;
        }
        return true;
    }

    /** A copy of a page as it was published last, or as it is in the file. Waits for the device if need be. */
    public ByteBuffer copyPage(long pageOffsetBytes) throws IOException {
        ByteBuffer copy = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer page = notInPlace.get(pageOffsetBytes);
        if (page != null) {
            copy.put(0, page, page.position(), PAGE_BYTES);
            return copy;
        }
        storage.read(copy, pageOffsetBytes);
        requireFull(copy, pageOffsetBytes);
        return copy.clear();
    }

    /**
     * Shows a page to everybody, before it is in its place. Writer only.
     *
     * @param content {@link #PAGE_BYTES} remaining bytes, which nobody changes any more
     */
    public void publish(long pageOffsetBytes, ByteBuffer content) {
        notInPlace.put(pageOffsetBytes, content);
    }

    /** Forgets the pages that are in their place. Writer only. */
    public void forgetInPlace(LongPredicate isNotInPlace) {
        notInPlace.keySet().removeIf(pageOffsetBytes -> !isNotInPlace.test(pageOffsetBytes));
    }

    static int byteCount(int firstBit, int sectorCount) {
        return (firstBit + sectorCount + Byte.SIZE - 1) / Byte.SIZE;
    }

    private void requireFull(ByteBuffer dst, long pageOffsetBytes) throws IOException {
        if (dst.hasRemaining()) {
            throw new EOFException("sector bitmap at offset " + pageOffsetBytes + ": the file ends at " + storage.size()
                    + ", within it; it was cut while it was open");
        }
    }
}
