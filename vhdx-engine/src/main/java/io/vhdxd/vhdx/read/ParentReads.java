package io.vhdxd.vhdx.read;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.bitmap.SectorBits;
import io.vhdxd.vhdx.map.BlockMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Reads blocks of a differencing disk that are not fully present: from the parent where nothing was written, sector by
 * sector from either where the block is partially present.
 */
final class ParentReads {
    private final BlockMap map;
    private final SectorBitmaps bitmaps;
    private final int blockSizeShift;
    private final int sectorSizeShift;
    private final BlockReader own;
    private final BlockReader parent;

    ParentReads(DiskLayer layer, BlockReader own, BlockReader parent) {
        this.map = layer.map();
        this.bitmaps = Objects.requireNonNull(layer.bitmaps());
        this.blockSizeShift = layer.geometry().blockSizeShift();
        this.sectorSizeShift = layer.geometry().logicalSectorSizeShift();
        this.own = own;
        this.parent = parent;
    }

    boolean readInBlock(long blockIndex, int entry, int inBlockBytes, ByteBuffer dst, boolean mayWait)
            throws IOException {
        return switch (BlockMap.state(entry)) {
            case NOT_PRESENT -> parent.readExtended((blockIndex << blockSizeShift) + inBlockBytes, dst, mayWait);
            case PARTIALLY_PRESENT -> readSectors(blockIndex, entry, inBlockBytes, dst, mayWait);
            case UNDEFINED, ZERO, UNMAPPED, FULLY_PRESENT -> {
                BlockReader.fillWithZeros(dst);
                yield true;
            }
        };
    }

    private boolean readSectors(long blockIndex, int entry, int inBlockBytes, ByteBuffer dst, boolean mayWait)
            throws IOException {
        int end = dst.limit();
        long blockStartBytes = blockIndex << blockSizeShift;
        long positionBytes = blockStartBytes + inBlockBytes;
        try {
            while (dst.position() < end) {
                long firstSector = positionBytes >>> sectorSizeShift;
                long endBytes = positionBytes + (end - dst.position());
                long endSector = Math.min(SectorBitmaps.pageEnd(firstSector), ((endBytes - 1) >>> sectorSizeShift) + 1);
                int count = (int) (endSector - firstSector);
                SectorBits bits = bitmaps.bits(firstSector, count, mayWait);
                if (bits == null) {
                    return false;
                }
                if (map.entry(blockIndex) != entry) {
                    // The bits may be about what the block is now, and that may have no bits at all.
                    return own.readInBlock(blockIndex, (int) (positionBytes - blockStartBytes), dst, mayWait);
                }
                for (int sector = 0; sector < count; ) {
                    int runEnd = bits.runEnd(sector, count);
                    long runEndBytes = Math.min(endBytes, (firstSector + runEnd) << sectorSizeShift);
                    dst.limit(dst.position() + (int) (runEndBytes - positionBytes));
                    boolean read = bits.isSet(sector)
                            ? own.readPlace(
                                    blockIndex,
                                    BlockMap.fileOffsetBytes(entry),
                                    (int) (positionBytes - blockStartBytes),
                                    dst,
                                    mayWait)
                            : parent.readExtended(positionBytes, dst, mayWait);
                    if (!read) {
                        return false;
                    }
                    dst.limit(end);
                    positionBytes = runEndBytes;
                    sector = runEnd;
                }
            }
            return true;
        } finally {
            dst.limit(end);
        }
    }
}
