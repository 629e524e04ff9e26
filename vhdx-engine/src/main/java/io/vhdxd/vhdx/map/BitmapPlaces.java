package io.vhdxd.vhdx.map;

import io.vhdxd.vhdx.format.Geometry;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Where the sector bitmap block of each chunk of a differencing disk is ([MS-VHDX] 2.5.1.2): 4 bytes for each chunk of 4
 * GiB. One thread at a time may {@link #publish}; any thread may read.
 */
public final class BitmapPlaces {
    /** Replaced by a longer one when the disk grows. */
    private volatile AtomicIntegerArray placesMib;

    public BitmapPlaces(Geometry geometry) {
        placesMib = new AtomicIntegerArray(Math.toIntExact(geometry.chunkCount()));
    }

    /**
     * Adds chunks without a bitmap block behind the last one, if there are fewer. Writer only; readers may go on meanwhile.
     */
    public void grow(long chunkCount) {
        AtomicIntegerArray before = placesMib;
        if (chunkCount > before.length()) {
            AtomicIntegerArray longer = new AtomicIntegerArray(Math.toIntExact(chunkCount));
            for (int i = 0; i < before.length(); i++) {
                longer.setPlain(i, before.getPlain(i));
            }
            placesMib = longer;
        }
    }

    public int chunkCount() {
        return placesMib.length();
    }

    /** Where the bitmap block begins in the file; 0 if the chunk has none. */
    public long placeMib(long chunkIndex) {
        return placesMib.getAcquire((int) chunkIndex);
    }

    /**
     * Makes a place visible to all readers. Writer only.
     *
     * @param placeMib less than {@link BlockMap#FILE_OFFSET_LIMIT_MIB}
     */
    public void publish(long chunkIndex, long placeMib) {
        placesMib.setRelease((int) chunkIndex, (int) placeMib);
    }
}
