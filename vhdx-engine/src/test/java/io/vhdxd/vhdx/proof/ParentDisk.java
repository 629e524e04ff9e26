package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The parent of the disk that is driven: smaller than it, in blocks of another size, and with content in most of the sectors
 * that are followed.
 */
final class ParentDisk {
    private static final int BLOCK_SIZE_BYTES = 2 << 20;
    /** In every so many-th block of the child the parent holds nothing. */
    private static final int EMPTY_EVERY = 4;

    private ParentDisk() {}

    /**
     * Makes it.
     *
     * @param model is told what it holds
     */
    static BlockReader create(Shape shape, DiskModel model) throws IOException {
        long sizeBytes = shape.virtualSizeBytes() - (long) DiskModel.SECTOR_BYTES * Shape.BACK_SECTORS / 2;
        SimulatedStorage storage = SimulatedImages.dynamic(sizeBytes, BLOCK_SIZE_BYTES);
        SteppedImage image = SteppedImage.open(storage);
        for (int n = 0; n < shape.blockCount(); n++) {
            if (n % EMPTY_EVERY != EMPTY_EVERY - 1) {
                fill(image, model, shape.sector(n, 0), Shape.FRONT_SECTORS);
                fill(image, model, shape.sector(n, shape.blockSectors() - Shape.BACK_SECTORS), Shape.BACK_SECTORS);
            }
        }
        image.close();
        model.flushed(model.beginFlush());
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
        return new BlockReader(
                new DiskLayer("parent", loaded.geometry(), loaded.blockMap(), null, storage, loaded.fileSizeBytes()),
                null);
    }

    private static void fill(SteppedImage image, DiskModel model, long sector, int wanted) {
        long diskSectors = image.geometry().virtualSizeBytes() / DiskModel.SECTOR_BYTES;
        int count = Math.clamp(diskSectors - sector, 0, wanted);
        if (count > 0) {
            long stamp = model.beginWrite(sector, count);
            ByteBuffer[] srcs = {DiskModel.content(sector, count, stamp)};
            image.submit(
                    new WriteRequest(sector * DiskModel.SECTOR_BYTES, srcs, false, failure -> model.answered(stamp)));
        }
    }
}
