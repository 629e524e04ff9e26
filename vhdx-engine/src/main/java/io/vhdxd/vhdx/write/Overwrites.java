package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes data into blocks that are present, and into sectors that are present in blocks of which only some are, past the
 * writer actor, on any thread.
 *
 * <p>That needs no log entry, so the data only has to be handed to the kernel before it is answered (promise R1), and
 * every sync that begins after the answer covers it (promise R3). The caller is inside the image's {@link
 * io.vhdxd.vhdx.map.AccessGate}, which keeps the block's space from being given to another block meanwhile: a block that is
 * unmapped while it is overwritten takes the data with it, which is one of the orders that two unanswered requests may
 * have.
 */
public final class Overwrites {
    private final Disk disk;
    private final Storage storage;
    private final BlockMap map;
    private final ImageHealth health;
    private final ImageSession session;
    /** Null if the disk has no parent. */
    private final @Nullable SectorBitmaps bitmaps;

    Overwrites(
            Disk disk,
            Storage storage,
            BlockMap map,
            ImageHealth health,
            ImageSession session,
            @Nullable SectorBitmaps bitmaps) {
        this.disk = disk;
        this.storage = storage;
        this.map = map;
        this.health = health;
        this.session = session;
        this.bitmaps = bitmaps;
    }

    /**
     * Writes the buffers' bytes if all sectors of the range are present and the session has started.
     *
     * @return false if it has to be done by the writer actor, all of it; some of it may have been written already
     * @throws NoSpaceException if the file system is full; part of the range may have been written
     * @throws ImageFailedException if the image has failed, before or meanwhile
     */
    public boolean tryWrite(long offsetBytes, ByteBuffer[] srcs, long lengthBytes) throws IOException {
        health.check();
        if (!session.isStarted()) {
            return false;
        }
        try {
            if (!isPresent(offsetBytes, lengthBytes) || !write(offsetBytes, srcs, lengthBytes)) {
                return false;
            }
        } catch (NoSpaceException e) {
            throw e;
        } catch (IOException e) {
            health.fail(e);
            throw e;
        }
        health.check();
        return true;
    }

    private boolean isPresent(long offsetBytes, long lengthBytes) {
        long positionBytes = offsetBytes;
        long endBytes = offsetBytes + lengthBytes;
        while (positionBytes < endBytes) {
            long block = disk.blockOf(positionBytes);
            long pieceEndBytes = Math.min(endBytes, disk.blockEndBytes(block));
            if (placeBytes(block, positionBytes, pieceEndBytes) == 0) {
                return false;
            }
            positionBytes = pieceEndBytes;
        }
        return true;
    }

    private boolean write(long offsetBytes, ByteBuffer[] srcs, long lengthBytes) throws IOException {
        GatherCursor payload = new GatherCursor(srcs);
        long positionBytes = offsetBytes;
        long endBytes = offsetBytes + lengthBytes;
        while (positionBytes < endBytes) {
            long block = disk.blockOf(positionBytes);
            long pieceEndBytes = Math.min(endBytes, disk.blockEndBytes(block));
            long placeBytes = placeBytes(block, positionBytes, pieceEndBytes);
            if (placeBytes == 0) {
                // Unmapped since the first look.
                return false;
            }
            storage.write(
                    payload.take(pieceEndBytes - positionBytes),
                    placeBytes + (positionBytes - disk.blockStartBytes(block)));
            positionBytes = pieceEndBytes;
        }
        return true;
    }

    /** Where the block is whose part is to be written; 0 if that part is not shown from there. */
    private long placeBytes(long block, long offsetBytes, long endBytes) {
        int entry = map.entry(block);
        boolean present = BlockMap.isFullyPresent(entry)
                || (bitmaps != null
                        && BlockMap.isPartiallyPresent(entry)
                        && areAllSet(bitmaps, offsetBytes, endBytes)
                        // The bits may be about what the block is now, and that may have no bits at all.
                        && map.entry(block) == entry);
        return present ? BlockMap.fileOffsetBytes(entry) : 0;
    }

    private static boolean areAllSet(SectorBitmaps bitmaps, long offsetBytes, long endBytes) {
        long first = bitmaps.sectorOf(offsetBytes);
        try {
            return bitmaps.areAllSet(first, bitmaps.sectorOf(endBytes - 1) + 1 - first, false);
        } catch (IOException e) {
            // The writer will read them as well, and tell.
            return false;
        }
    }
}
