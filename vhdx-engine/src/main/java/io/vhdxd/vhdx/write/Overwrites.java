package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Writes data into blocks that are present, past the writer actor, on any thread.
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

    Overwrites(Disk disk, Storage storage, BlockMap map, ImageHealth health, ImageSession session) {
        this.disk = disk;
        this.storage = storage;
        this.map = map;
        this.health = health;
        this.session = session;
    }

    /**
     * Writes the buffers' bytes if all blocks of the range are present and the session has started.
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
        if (lengthBytes == 0) {
            return true;
        }
        long lastBlock = disk.blockOf(offsetBytes + lengthBytes - 1);
        for (long block = disk.blockOf(offsetBytes); block <= lastBlock; block++) {
            if (!BlockMap.isFullyPresent(map.entry(block))) {
                return false;
            }
        }
        return true;
    }

    private boolean write(long offsetBytes, ByteBuffer[] srcs, long lengthBytes) throws IOException {
        GatherCursor payload = new GatherCursor(srcs);
        long positionBytes = offsetBytes;
        long endBytes = offsetBytes + lengthBytes;
        while (positionBytes < endBytes) {
            long block = disk.blockOf(positionBytes);
            int entry = map.entry(block);
            if (!BlockMap.isFullyPresent(entry)) {
                // Unmapped since the first look.
                return false;
            }
            long pieceEndBytes = Math.min(endBytes, disk.blockEndBytes(block));
            long placeBytes = BlockMap.fileOffsetBytes(entry) + (positionBytes - disk.blockStartBytes(block));
            storage.write(payload.take(pieceEndBytes - positionBytes), placeBytes);
            positionBytes = pieceEndBytes;
        }
        return true;
    }
}
