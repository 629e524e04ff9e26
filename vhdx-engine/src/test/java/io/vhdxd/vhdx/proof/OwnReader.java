package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Soundness;
import java.io.IOException;
import java.util.UUID;
import java.util.function.Supplier;

/** This engine: as an opening for reading sees the state, with its log in memory, and after the replay to the file. */
final class OwnReader implements CrashReader {
    private static final UUID REPLAY_GUID = new UUID(0x4000, 5);

    @Override
    public void judge(SimulatedStorage state, Expected expected, Supplier<String> description) {
        try {
            Findings found = new Findings();
            LoadedImage inMemory = ImageLoader.load(state, LoadOptions.STRICT, found);
            Soundness.requireButForHeader(found);
            check(inMemory, expected);
            if (inMemory.needsReplay()) {
                inMemory.replay(state, REPLAY_GUID);
                Findings foundAfterwards = new Findings();
                LoadedImage replayed = ImageLoader.load(state, LoadOptions.STRICT, foundAfterwards);
                Soundness.require(foundAfterwards);
                if (replayed.needsReplay()) {
                    throw new Violation("the log is still in use after its replay");
                }
                check(replayed, expected);
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            throw new Violation(description.get() + ": " + e.getMessage(), e);
        }
    }

    /** Compares what was loaded with what is expected. */
    static void check(LoadedImage image, Expected expected) throws IOException {
        long sizeBytes = image.geometry().virtualSizeBytes();
        if (!expected.sizesBytes().contains(sizeBytes)) {
            throw new Violation("the disk has " + sizeBytes + " bytes, expected one of " + expected.sizesBytes());
        }
        BitmapPlaces places = image.bitmapPlaces();
        SectorBitmaps bitmaps = places == null ? null : new SectorBitmaps(image.geometry(), places, image.storage());
        BlockReader reader = new BlockReader(
                new DiskLayer(
                        "state", image.geometry(), image.blockMap(), bitmaps, image.storage(), image.fileSizeBytes()),
                expected.parent());
        long greatestStamp = expected.sectors().check((offsetBytes, dst) -> {
            // A disk that has not grown holds nothing where it would have grown to.
            if (offsetBytes < sizeBytes) {
                reader.read(offsetBytes, dst.limit((int) Math.min(dst.limit(), sizeBytes - offsetBytes)));
            }
        });
        boolean changed = greatestStamp >= expected.firstStamp();
        Header opened = expected.openedHeader();
        if (changed && image.headers().current().dataWriteGuid().equals(opened.dataWriteGuid())) {
            throw new Violation("content of the session was found, and the DataWriteGuid of the one before it");
        }
        if (changed && image.headers().current().fileWriteGuid().equals(opened.fileWriteGuid())) {
            throw new Violation("content of the session was found, and the FileWriteGuid of the one before it");
        }
    }
}
