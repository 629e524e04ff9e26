package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.bitmap.SectorBits;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** The sector bitmaps as the running batch will publish them. */
final class StagedBitmaps {
    private final SectorBitmaps bitmaps;
    /** Copies of the pages that the batch changes, by their place in the file. */
    private final Map<Long, ByteBuffer> pages = new LinkedHashMap<>();
    /** The places of the bitmap blocks that the batch adds, in MiB, by their chunk. */
    private final Map<Long, Long> places = new LinkedHashMap<>();

    private long absentCount;

    StagedBitmaps(SectorBitmaps bitmaps) {
        this.bitmaps = bitmaps;
        for (int chunk = 0; chunk < bitmaps.places().chunkCount(); chunk++) {
            absentCount += bitmaps.places().placeMib(chunk) == 0 ? 1 : 0;
        }
    }

    /** The chunks that have no bitmap. */
    long absentCount() {
        return absentCount;
    }

    /** Takes note that the disk has grown by so many chunks, which have no bitmap. */
    void grown(long byChunks) {
        absentCount += byChunks;
    }

    boolean isEmpty() {
        return pages.isEmpty() && places.isEmpty();
    }

    /** Where the bitmap of a chunk is; 0 if it has none. */
    long placeMib(long chunkIndex) {
        return places.getOrDefault(chunkIndex, bitmaps.places().placeMib(chunkIndex));
    }

    /** Adds the bitmap block of a chunk, in space that is zeros. */
    void add(long chunkIndex, long placeMib) {
        places.put(chunkIndex, placeMib);
    }

    /** The places of the bitmap blocks that are added, by their chunk. */
    Map<Long, Long> addedPlaces() {
        return places;
    }

    /** The places in the file of all pages that describe some sectors, if their chunk's bitmap block is at this place. */
    static Set<Long> pageOffsets(long placeMib, long firstSector, long sectorCount) {
        Set<Long> offsets = new TreeSet<>();
        long end = firstSector + sectorCount;
        for (long sector = firstSector; sector < end; sector = SectorBitmaps.pageEnd(sector)) {
            offsets.add(placeMib * Geometry.MIB + SectorBitmaps.pageOffsetInBlock(sector));
        }
        return offsets;
    }

    /** Gives the bits of sectors, all of them in one chunk with a bitmap, the same value. */
    void fill(long firstSector, long sectorCount, boolean value) throws IOException {
        long end = firstSector + sectorCount;
        // First all that can fail: nothing is staged of a change that cannot be staged as a whole.
        Map<Long, ByteBuffer> further = new LinkedHashMap<>();
        long sector = firstSector;
        while (sector < end) {
            int count = (int) (Math.min(SectorBitmaps.pageEnd(sector), end) - sector);
            long pageOffsetBytes = pageOffsetBytes(sector);
            if (!pages.containsKey(pageOffsetBytes) && !areAll(sector, count, value)) {
                further.put(pageOffsetBytes, bitmaps.copyPage(pageOffsetBytes));
            }
            sector += count;
        }
        pages.putAll(further);
        sector = firstSector;
        while (sector < end) {
            int count = (int) (Math.min(SectorBitmaps.pageEnd(sector), end) - sector);
            ByteBuffer page = pages.get(pageOffsetBytes(sector));
            if (page != null) {
                int firstBit = SectorBitmaps.bitInPage(sector);
                fill(page, firstBit, firstBit + count, value);
            }
            sector += count;
        }
    }

    private static void fill(ByteBuffer page, int fromBit, int toBit, boolean value) {
        int bit = fromBit;
        while (bit < toBit) {
            int index = bit / Byte.SIZE;
            if (bit % Byte.SIZE == 0 && toBit - bit >= Byte.SIZE) {
                page.put(index, (byte) (value ? 0xFF : 0));
                bit += Byte.SIZE;
            } else {
                int mask = 1 << bit % Byte.SIZE;
                page.put(index, (byte) (value ? page.get(index) | mask : page.get(index) & ~mask));
                bit++;
            }
        }
    }

    /** Whether the bits of sectors, all of them in one chunk with a bitmap, are all set. */
    boolean areAllSet(long firstSector, long sectorCount) throws IOException {
        long end = firstSector + sectorCount;
        long sector = firstSector;
        while (sector < end) {
            int count = (int) (Math.min(SectorBitmaps.pageEnd(sector), end) - sector);
            ByteBuffer page = pages.get(pageOffsetBytes(sector));
            int firstBit = SectorBitmaps.bitInPage(sector);
            if (page == null ? !areAll(sector, count, true) : !areAllSet(page, firstBit, firstBit + count)) {
                return false;
            }
            sector += count;
        }
        return true;
    }

    private static boolean areAllSet(ByteBuffer page, int fromBit, int toBit) {
        int bit = fromBit;
        while (bit < toBit) {
            int held = page.get(bit / Byte.SIZE);
            if (bit % Byte.SIZE == 0 && toBit - bit >= Byte.SIZE) {
                if (held != (byte) 0xFF) {
                    return false;
                }
                bit += Byte.SIZE;
            } else if ((held >> bit % Byte.SIZE & 1) == 0) {
                return false;
            } else {
                bit++;
            }
        }
        return true;
    }

    /** Whether sectors that one page describes, which is not staged, all have this bit. */
    private boolean areAll(long firstSector, int sectorCount, boolean value) throws IOException {
        long chunk = SectorBitmaps.chunkOf(firstSector);
        if (bitmaps.places().placeMib(chunk) == 0) {
            // A new bitmap block is zeros.
            return !value;
        }
        SectorBits bits = Objects.requireNonNull(bitmaps.bits(firstSector, sectorCount, true));
        return bits.isSet(0) == value && bits.runEnd(0, sectorCount) == sectorCount;
    }

    private long pageOffsetBytes(long sector) {
        return placeMib(SectorBitmaps.chunkOf(sector)) * Geometry.MIB + SectorBitmaps.pageOffsetInBlock(sector);
    }

    List<LogPage> logPages() {
        List<LogPage> logPages = new ArrayList<>(pages.size());
        pages.forEach((offsetBytes, content) -> logPages.add(new LogPage(offsetBytes, content)));
        return logPages;
    }

    /** Shows what is staged to everybody. It is in the log; the entries of the blocks that lean on it are not published yet. */
    void publish() {
        absentCount -= places.size();
        places.forEach(bitmaps.places()::publish);
        pages.forEach(bitmaps::publish);
        places.clear();
        pages.clear();
    }
}
