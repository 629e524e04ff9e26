package io.vhdxd.vhdx.bitmap;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The bits of a range of sectors, at most those of one page of a sector bitmap. The one that {@link SectorBitmaps} keeps for
 * each thread holds them until that thread asks again; who calls others in between needs one of its own.
 */
public final class SectorBits {
    /** A page, and behind it what is read in vain with its last bits, which are looked at in groups of 64. */
    private final ByteBuffer bytes =
            ByteBuffer.allocateDirect(SectorBitmaps.PAGE_BYTES + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** The bit of the first byte that is the range's first sector. */
    private int firstBit;

    /** One without bits, which it is given by {@link SectorBitmaps#load}. */
    public SectorBits() {}

    /** A buffer for the bytes that hold a range's bits. */
    ByteBuffer prepare(long firstSector, int sectorCount) {
        firstBit = (int) (firstSector & (Byte.SIZE - 1));
        return bytes.clear().limit(SectorBitmaps.byteCount(firstBit, sectorCount));
    }

    /** Whether a sector of the range, counted from its first, is in the file. */
    public boolean isSet(int index) {
        int bit = firstBit + index;
        return (bytes.get(bit >>> 3) >>> (bit & 7) & 1) != 0;
    }

    /** Whether all sectors from one to another one, which is not counted, are in the file. */
    public boolean areAllSet(int from, int to) {
        return from == to || (isSet(from) && runEnd(from, to) == to);
    }

    /** The end of the run of equal bits that begins at {@code from}; at most {@code to}. */
    public int runEnd(int from, int to) {
        boolean set = isSet(from);
        int index = from;
        while (index < to) {
            int bit = firstBit + index;
            int known = Long.SIZE - (bit & 7);
            long word = bytes.limit(bytes.capacity()).getLong(bit >>> 3) >>> (bit & 7);
            int same = Math.min(known, Long.numberOfTrailingZeros(set ? ~word : word));
            index += same;
            if (same < known) {
                break;
            }
        }
        return Math.min(index, to);
    }
}
