package io.vhdxd.vhdx.edit;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.CrashStates;
import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** An image on a simulated disk that is edited as a whole, and the states that crashes of that leave. */
final class EditedDisk {
    private EditedDisk() {}

    /** An edit of an image that was loaded and replayed. */
    interface Edit {
        void run(SimulatedStorage storage, LoadedImage image) throws IOException;
    }

    /** The image, without findings and without anything to replay. */
    static LoadedImage load(SimulatedStorage storage) throws IOException {
        Findings findings = new Findings();
        LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        assertThat(findings.worst()).as("%s", findings.kept()).isLessThan(Severity.WARNING);
        return loaded.needsReplay() ? loaded.replay(storage, new UUID(8, 8)) : loaded;
    }

    /** The change of an image to a smaller size. */
    static Shrink shrink(SimulatedStorage storage, LoadedImage image, long newSizeBytes) {
        Geometry before = image.geometry();
        return new Shrink(
                storage, image, new Geometry(newSizeBytes, before.blockSizeBytes(), before.logicalSectorSizeBytes()));
    }

    /** What the disk holds: the hash of each block that is not all zeros. Absent blocks cost nothing. */
    static Map<Long, String> content(SimulatedStorage storage) throws IOException {
        LoadedImage image = load(storage.copy());
        Map<Long, String> hashes = new TreeMap<>();
        byte[] zeros = new byte[image.geometry().blockSizeBytes()];
        BlockMap blocks = image.blockMap();
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            if (BlockMap.isFullyPresent(blocks.entry(block))) {
                byte[] content = DiskContent.read(image, block * zeros.length, zeros.length);
                if (!Arrays.equals(content, zeros)) {
                    hashes.put(
                            block, HexFormat.of().formatHex(DiskContent.digest().digest(content)));
                }
            }
        }
        return hashes;
    }

    /** As {@link CrashStates#forEach}, of an edit. */
    static int forEachCrashState(
            SimulatedStorage storage, RandomGenerator random, Edit edit, CrashStates.Verifier verifier)
            throws IOException {
        return CrashStates.forEach(storage, random, disk -> edit.run(disk, load(disk)), verifier);
    }
}
