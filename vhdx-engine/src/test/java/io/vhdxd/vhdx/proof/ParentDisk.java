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
 * The parent of the disk that is driven: in blocks of another size, and with content in most of the sectors that are followed,
 * also behind the end of the disk.
 */
final class ParentDisk {
    private static final int BLOCK_SIZE_BYTES = 2 << 20;
    /** In every so many-th block of the child the parent holds nothing. */
    private static final int EMPTY_EVERY = 4;

    /** In what is behind the child's end. */
    private static final long UNSEEN_STAMP = 1L << 60;

    private ParentDisk() {}

    /**
     * Makes it.
     *
     * @param model is told what it holds
     */
    static BlockReader create(Shape shape, DiskModel model) throws IOException {
        SimulatedStorage storage = SimulatedImages.dynamic(shape.parentSizeBytes(), BLOCK_SIZE_BYTES);
        SteppedImage image = SteppedImage.open(storage);
        for (int n = 0; n < shape.blockCount(); n++) {
            if (n % EMPTY_EVERY != EMPTY_EVERY - 1) {
                int back = shape.blockSectors() - Shape.BACK_SECTORS;
                fill(image, model, shape, shape.sector(n, 0), Shape.FRONT_SECTORS);
                fill(image, model, shape, shape.sector(n, back), Shape.BACK_SECTORS);
            }
        }
        image.close();
        model.flushed(model.beginFlush());
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
        return new BlockReader(
                new DiskLayer("parent", loaded.geometry(), loaded.blockMap(), null, storage, loaded.fileSizeBytes()),
                null);
    }

    private static void fill(SteppedImage image, DiskModel model, Shape shape, long sector, int wanted) {
        long diskSectors = image.geometry().virtualSizeBytes() / DiskModel.SECTOR_BYTES;
        int count = Math.clamp(diskSectors - sector, 0, wanted);
        // What lies behind the child's end, nobody ever sees.
        int seen = Math.clamp(shape.virtualSectors() - sector, 0, count);
        write(image, sector, seen, model.beginWrite(sector, seen), model);
        write(image, sector + seen, count - seen, UNSEEN_STAMP, model);
    }

    private static void write(SteppedImage image, long sector, int count, long stamp, DiskModel model) {
        if (count > 0) {
            ByteBuffer[] srcs = {DiskModel.content(sector, count, stamp)};
            image.submit(
                    new WriteRequest(sector * DiskModel.SECTOR_BYTES, srcs, false, failure -> model.answered(stamp)));
        }
    }
}
