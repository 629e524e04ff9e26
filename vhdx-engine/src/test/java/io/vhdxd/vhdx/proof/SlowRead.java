package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.write.SteppedImage;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A read whose look-up and whose I/O lie apart in time. */
final class SlowRead {
    private final SteppedImage image;
    private final SimulatedStorage storage;
    private final long firstSector;
    private final int access;
    private final int entry;

    /**
     * Looks up where a block is.
     *
     * @param firstSector of the block
     */
    SlowRead(SteppedImage image, SimulatedStorage storage, long firstSector) {
        this.image = image;
        this.storage = storage;
        this.firstSector = firstSector;
        this.access = image.gate().enter();
        long blockSectors = image.geometry().blockSizeBytes() / DiskModel.SECTOR_BYTES;
        this.entry = image.blockMap().entry(firstSector / blockSectors);
    }

    /** Reads, and finds nothing but what was written to the block (promise R5). */
    void end() throws IOException {
        if (BlockMap.isFullyPresent(entry)) {
            ByteBuffer content = ByteBuffer.allocate(Shape.FRONT_SECTORS * DiskModel.SECTOR_BYTES);
            storage.read(content, BlockMap.fileOffsetBytes(entry));
            for (int i = 0; i < Shape.FRONT_SECTORS; i++) {
                ByteBuffer sector = content.slice(i * DiskModel.SECTOR_BYTES, DiskModel.SECTOR_BYTES);
                if (!DiskModel.belongsTo(firstSector + i, sector)) {
                    throw new Violation("a read of sector " + (firstSector + i) + " met another block's bytes");
                }
            }
        }
        image.gate().exit(access);
    }
}
