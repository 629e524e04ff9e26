package io.vhdxd.vhdx.edit;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedFiles;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file becomes smaller, and nothing else changes, whatever moment a crash chooses. */
class CompactionTest {
    /** Their entries take more pages of the BAT than one log entry holds. */
    private static final int MANY_BLOCKS = 10_000;

    /** Blocks at random places with gaps between them, some of zeros, anchors, and a tail that nothing uses. */
    private static SimulatedStorage scattered(RandomGenerator random, int blockCount) {
        ImageBuilder image = ImageBuilder.dynamic(blockCount * MIB, (int) MIB);
        long placeMib = 4;
        for (int i = 0; i < 40; i++) {
            placeMib += 1 + random.nextInt(3);
            long block = (i * 7919L + 13) % blockCount;
            if (i % 9 == 8) {
                image.block(block, 3, placeMib);
            } else {
                image.block(block, 6, placeMib);
                if (i % 5 != 0) {
                    image.fill(placeMib * MIB + random.nextInt(1000) * 512L, 4096, i + 1);
                    image.fill((placeMib + 1) * MIB - 512, 512, i + 101);
                }
            }
        }
        SimulatedStorage storage = image.size((placeMib + 9) * MIB).simulated();
        try {
            storage.sync();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return storage;
    }

    private static Compaction.Outcome compact(SimulatedStorage storage, LoadedImage image) throws IOException {
        return new Compaction(storage, image, Progress.NONE).run(true, SimulatedImages.guids(5));
    }

    @Test
    @DisplayName("gaps, anchors, zeros and the tail go; the content and the DataWriteGuid stay")
    void smaller() throws IOException {
        SimulatedStorage storage = scattered(Seed.generator(CompactionTest.class), MANY_BLOCKS);
        Map<Long, String> content = EditedDisk.content(storage);
        LoadedImage before = EditedDisk.load(storage);
        Compaction.Outcome outcome = compact(storage, before);
        assertThat(outcome.zeroBlockCount()).isEqualTo(7);
        assertThat(outcome.movedBlockCount()).isPositive();
        LoadedImage after = EditedDisk.load(storage);
        assertThat(after.presentBlockCount()).isEqualTo(36 - 7);
        assertThat(storage.size()).isEqualTo((4 + 29) * MIB);
        assertThat(EditedDisk.content(storage)).isEqualTo(content);
        assertThat(after.headers().current().dataWriteGuid())
                .isEqualTo(before.headers().current().dataWriteGuid());
        assertThat(after.headers().current().fileWriteGuid())
                .isNotEqualTo(before.headers().current().fileWriteGuid());
    }

    @Test
    @DisplayName("no crash loses a block, and a compaction after it finishes the work")
    void crashStates() throws IOException {
        RandomGenerator random = Seed.generator(CompactionTest.class);
        SimulatedStorage storage = scattered(random, MANY_BLOCKS);
        Map<Long, String> content = EditedDisk.content(storage);
        int states = EditedDisk.forEachCrashState(storage, random, CompactionTest::compact, state -> {
            assertThat(EditedDisk.content(state)).isEqualTo(content);
            if (random.nextInt(10) == 0) {
                compact(state, EditedDisk.load(state));
                assertThat(state.size()).isEqualTo((4 + 29) * MIB);
                assertThat(EditedDisk.content(state)).isEqualTo(content);
            }
        });
        assertThat(states).isGreaterThan(200);
    }

    @Test
    @NeedsTool({"qemu-img", "qemu-io"})
    @DisplayName("R9: QEMU reads what a crash of a compaction leaves")
    void qemuReadsCrashStates(@TempDir Path directory) throws Exception {
        RandomGenerator random = Seed.generator(CompactionTest.class);
        SimulatedStorage storage = scattered(random, 600);
        Path original = directory.resolve("original.vhdx");
        SimulatedFiles.write(storage, original);
        int states = EditedDisk.forEachCrashState(storage, random, CompactionTest::compact, state -> {
            if (random.nextInt(15) == 0) {
                verifyByQemu(state, original, directory.resolve("state.vhdx"));
            }
        });
        assertThat(states).isGreaterThan(200);
    }

    private static void verifyByQemu(SimulatedStorage state, Path original, Path file) throws IOException {
        try {
            SimulatedFiles.write(state, file);
            Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", file.toString())
                    .succeeded();
            Tool.run("qemu-img", "compare", "-f", "vhdx", "-F", "vhdx", original.toString(), file.toString())
                    .succeeded();
            Files.delete(file);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    @DisplayName("a full file system ends it with the image sound")
    void noSpace() throws IOException {
        SimulatedStorage storage = scattered(Seed.generator(CompactionTest.class), MANY_BLOCKS);
        Map<Long, String> content = EditedDisk.content(storage);
        storage.setSpaceLimit(storage.spaceBytes() + (1 << 20) + (64 << 10));
        LoadedImage image = EditedDisk.load(storage);
        Compaction compaction = new Compaction(storage, image, Progress.NONE);
        assertThatThrownBy(() -> compaction.run(false, SimulatedImages.guids(5)))
                .isInstanceOf(NoSpaceException.class);
        assertThat(EditedDisk.load(storage).needsReplay()).isFalse();
        assertThat(EditedDisk.content(storage)).isEqualTo(content);
    }
}
