package io.vhdxd.vhdx.edit;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedFiles;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file becomes smaller, and nothing else changes, whatever moment a crash chooses. */
class CompactionTest {
    /** Their entries take more pages of the BAT than one log entry holds. */
    private static final int MANY_BLOCKS = 10_000;

    /** What is reserved of the log. */
    private static final int LOG_BYTES = 256 << 10;

    /** Entries of one compaction are never those of another one. */
    private static final Supplier<UUID> GUIDS = SimulatedImages.guids(5);

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
        return new Compaction(storage, image, Progress.NONE).run(true, GUIDS);
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
    @DisplayName("a file system without room for one block ends it with the image sound, and says what is needed")
    void noSpaceForBlock() throws IOException {
        SimulatedStorage storage = scattered(Seed.generator(CompactionTest.class), MANY_BLOCKS);
        noSpace(storage, LOG_BYTES, "0 blocks were moved; each needs 1 MiB");
    }

    @Test
    @DisplayName("a file system without room for the log ends it before it begins, and says what is needed")
    void noSpaceForLog() throws IOException {
        SimulatedStorage storage = scattered(Seed.generator(CompactionTest.class), MANY_BLOCKS);
        noSpace(storage, LOG_BYTES - 4096, "log needs " + LOG_BYTES + " bytes");
    }

    private static void noSpace(SimulatedStorage storage, int freeBytes, String message) throws IOException {
        Map<Long, String> content = EditedDisk.content(storage);
        storage.setSpaceLimit(storage.spaceBytes() + freeBytes);
        LoadedImage image = EditedDisk.load(storage);
        Compaction compaction = new Compaction(storage, image, Progress.NONE);
        assertThatThrownBy(() -> compaction.run(true, GUIDS))
                .isInstanceOf(NoSpaceException.class)
                .hasMessageContaining(message);
        assertThat(EditedDisk.load(storage).needsReplay()).isFalse();
        assertThat(EditedDisk.content(storage)).isEqualTo(content);
    }

    @Test
    @DisplayName("room for one block is enough to move all of them")
    void roomForOneBlock() throws IOException {
        SimulatedStorage storage = scattered(Seed.generator(CompactionTest.class), MANY_BLOCKS);
        compactedWith(storage, LOG_BYTES + 4 * 4096);
    }

    @Test
    @DisplayName("a file system without any room gets it from space that nothing uses")
    void roomInGaps() throws IOException {
        SimulatedStorage storage = scattered(Seed.generator(CompactionTest.class), MANY_BLOCKS);
        storage.write(ByteBuffer.allocate(LOG_BYTES + 4 * 4096), storage.size() - 5 * MIB);
        compactedWith(storage, 0);
    }

    @Test
    @DisplayName("a file system without any room gets it from blocks of zeros")
    void roomInZeros() throws IOException {
        SimulatedStorage storage = scattered(Seed.generator(CompactionTest.class), MANY_BLOCKS);
        LoadedImage image = EditedDisk.load(storage);
        storage.write(
                ByteBuffer.allocate((int) MIB),
                BlockMap.fileOffsetBytes(image.blockMap().entry(13)));
        compactedWith(storage, 0);
    }

    private static void compactedWith(SimulatedStorage storage, int freeBytes) throws IOException {
        Map<Long, String> content = EditedDisk.content(storage);
        storage.setSpaceLimit(storage.spaceBytes() + freeBytes);
        compact(storage, EditedDisk.load(storage));
        assertThat(storage.size()).isEqualTo((4 + 29) * MIB);
        assertThat(EditedDisk.content(storage)).isEqualTo(content);
    }
}
