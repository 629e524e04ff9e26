package io.vhdxd.vhdx.read;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads ranges of the virtual disk. The caller must be inside the image's {@link io.vhdxd.vhdx.map.AccessGate}, so that no
 * block's place is given away between its lookup and the end of the read (promise R5).
 */
public final class BlockReader {
    private final String name;
    private final Geometry geometry;
    private final BlockMap map;
    private final Storage storage;
    private final long openedSizeBytes;
    /** What is not in this image; null if it has no parent. */
    private final @Nullable ParentReads parentReads;

    /**
     * Makes a reader.
     *
     * @param parent the reader of the image's parent; null if it has none
     */
    public BlockReader(DiskLayer layer, @Nullable BlockReader parent) {
        this.name = layer.name();
        this.geometry = layer.geometry();
        this.map = layer.map();
        this.storage = layer.storage();
        this.openedSizeBytes = layer.openedSizeBytes();
        this.parentReads = parent == null ? null : new ParentReads(layer, this, parent);
    }

    /**
     * Fills {@code dst} if that takes no waiting for the device.
     *
     * @return false if it would; {@code dst} then has its old position and undefined content
     */
    public boolean tryRead(long offsetBytes, ByteBuffer dst) throws IOException {
        int start = dst.position();
        if (read(offsetBytes, dst, false)) {
            return true;
        }
        dst.position(start);
        return false;
    }

    /** Fills {@code dst}, waiting for the device if need be. */
    public void read(long offsetBytes, ByteBuffer dst) throws IOException {
        boolean complete = read(offsetBytes, dst, true);
        assert complete;
    }

    /** The size of the disk that is read. */
    public long sizeBytes() {
        return geometry.virtualSizeBytes();
    }

    /** Fills {@code dst} as {@link #read} does; what lies behind the disk's end is zeros. */
    public void readExtended(long offsetBytes, ByteBuffer dst) throws IOException {
        boolean complete = readExtended(offsetBytes, dst, true);
        assert complete;
    }

    boolean readExtended(long offsetBytes, ByteBuffer dst, boolean mayWait) throws IOException {
        int end = dst.limit();
        int heldBytes = Math.clamp(geometry.virtualSizeBytes() - offsetBytes, 0, dst.remaining());
        dst.limit(dst.position() + heldBytes);
        try {
            if (!read(offsetBytes, dst, mayWait)) {
                return false;
            }
        } finally {
            dst.limit(end);
        }
        fillWithZeros(dst);
        return true;
    }

    private boolean read(long offsetBytes, ByteBuffer dst, boolean mayWait) throws IOException {
        int end = dst.limit();
        try {
            long positionBytes = offsetBytes;
            while (dst.position() < end) {
                int inBlockBytes = (int) (positionBytes & (geometry.blockSizeBytes() - 1));
                int lengthBytes = Math.min(end - dst.position(), geometry.blockSizeBytes() - inBlockBytes);
                dst.limit(dst.position() + lengthBytes);
                if (!readInBlock(positionBytes >>> geometry.blockSizeShift(), inBlockBytes, dst, mayWait)) {
                    return false;
                }
                positionBytes += lengthBytes;
                dst.limit(end);
            }
            return true;
        } finally {
            dst.limit(end);
        }
    }

    /** Fills {@code dst} from within one block. */
    boolean readInBlock(long blockIndex, int inBlockBytes, ByteBuffer dst, boolean mayWait) throws IOException {
        int entry = map.entry(blockIndex);
        if (BlockMap.isDamaged(entry)) {
            throw new CorruptImageException(
                    name + ": payload block " + blockIndex,
                    BlockMap.fileOffsetBytes(entry),
                    "its BAT entry names a place that cannot hold it");
        }
        if (!BlockMap.isFullyPresent(entry)) {
            if (parentReads != null) {
                return parentReads.readInBlock(blockIndex, entry, inBlockBytes, dst, mayWait);
            }
            fillWithZeros(dst);
            return true;
        }
        return readPlace(blockIndex, BlockMap.fileOffsetBytes(entry), inBlockBytes, dst, mayWait);
    }

    /** Fills {@code dst} from the place of a block. */
    boolean readPlace(long blockIndex, long placeBytes, int inBlockBytes, ByteBuffer dst, boolean mayWait)
            throws IOException {
        if (mayWait) {
            storage.read(dst, placeBytes + inBlockBytes);
            if (dst.hasRemaining()) {
                checkMayEndEarly(blockIndex, placeBytes);
                fillWithZeros(dst);
            }
            return true;
        }
        storage.readCached(dst, placeBytes + inBlockBytes);
        return !dst.hasRemaining();
    }

    /** Tells a block that always reached beyond the file's end from a file that was cut behind our back. */
    private void checkMayEndEarly(long blockIndex, long placeBytes) throws IOException {
        boolean reachedBeyond =
                placeBytes < openedSizeBytes && placeBytes + geometry.blockSizeBytes() > openedSizeBytes;
        if (!reachedBeyond || storage.size() < openedSizeBytes) {
            throw new EOFException(name + ": payload block " + blockIndex + " at offset " + placeBytes
                    + ": the file ends at " + storage.size() + ", within it; it was cut while it was open");
        }
    }

    static void fillWithZeros(ByteBuffer dst) {
        MemorySegment.ofBuffer(dst).fill((byte) 0);
        dst.position(dst.limit());
    }
}
