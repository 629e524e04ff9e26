package io.vhdxd.vhdx.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.fixture.Samples;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Promise R9: random changes by QEMU are read by the engine, and those of the engine by QEMU, in turns, cleanly closed or
 * killed. Images of both, dynamic and fixed, with all block sizes.
 */
@NeedsTool({"qemu-img", "qemu-io"})
class QemuSequencesTest {
    private static final boolean DEEP = Boolean.getBoolean("vhdxd.deep");
    private static final int CLEAN_SEQUENCES = DEEP ? 3000 : 120;
    private static final int OUR_DEATHS = DEEP ? 1500 : 60;
    private static final int QEMU_DEATHS = DEEP ? 600 : 24;
    private static final int SAMPLE_SEQUENCES = DEEP ? 100 : 1;

    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    @TempDir
    private Path directory;

    private int made;

    /** What is done to an image after it was made. */
    @FunctionalInterface
    private interface Sequence {
        void run(ImageUnderTest image) throws Exception;
    }

    private void repeat(int times, Sequence sequence) throws Exception {
        RandomGenerator random = Seed.generator(QemuSequencesTest.class);
        for (int i = 0; i < times; i++) {
            Path file = directory.resolve("disk" + made++ + ".vhdx");
            run(sequence, newImage(file, random), "sequence " + i);
            Files.delete(file);
        }
    }

    private static void run(Sequence sequence, ImageUnderTest image, String description) throws Exception {
        try {
            sequence.run(image);
        } catch (Exception | AssertionError e) {
            throw new AssertionError(description + ":\n" + String.join("\n", image.history()), e);
        }
    }

    private static ImageUnderTest newImage(Path file, RandomGenerator random) throws IOException, InterruptedException {
        int blockSizeMib = 1 << random.nextInt(9);
        long blockSize = blockSizeMib * MIB;
        boolean fixed = random.nextInt(4) == 0;
        int logMib = 1 << random.nextInt(4);
        long size = random.nextLong(1, Math.max(2, (fixed ? 2 : 6) * blockSize / 512)) * 512;
        if (!fixed && random.nextInt(3) == 0) {
            size = 4 * GIB + random.nextLong(4 * blockSize / 512) * 512;
        }
        boolean ours = random.nextBoolean();
        if (ours) {
            DiskType type = fixed ? DiskType.FIXED : DiskType.DYNAMIC;
            new ImageCreation(type, size, (int) blockSize, 512, 4096, (int) (logMib * MIB)).create(file);
        } else {
            String options = "subformat=" + (fixed ? "fixed" : "dynamic") + ",block_size=" + blockSizeMib
                    + "M,log_size=" + logMib + "M,block_state_zero=" + (random.nextInt(4) > 0 ? "on" : "off");
            Tool.run("qemu-img", "create", "-q", "-f", "vhdx", "-o", options, file.toString(), "" + size)
                    .succeeded();
        }
        ImageUnderTest image = new ImageUnderTest(file, new DiskRuns(size), blockSize, random);
        image.history()
                .add((ours ? "engine" : "qemu") + ": " + (fixed ? "fixed" : "dynamic") + " disk of " + size
                        + " bytes, blocks of " + blockSizeMib + " MiB, log of " + logMib + " MiB");
        return image;
    }

    @Test
    @DisplayName("R9: changes by the engine are read by QEMU, and QEMU's by the engine, in turns")
    void inTurns() throws Exception {
        repeat(CLEAN_SEQUENCES, image -> {
            if (image.chance(2)) {
                image.changeByQemu(8);
            }
            image.changeByUs(12);
            if (image.chance(2)) {
                image.changeByQemu(8);
                image.changeByUs(6);
            }
        });
    }

    @Test
    @DisplayName(
            "R9: killed at any of its writes, the engine leaves an image that QEMU repairs and reads, or the engine")
    void killedEngine() throws Exception {
        int[] killed = {0};
        repeat(OUR_DEATHS, image -> {
            killed[0] += image.changeByUsDying(12) ? 1 : 0;
            killed[0] += image.changeByUsDying(12) ? 1 : 0;
            image.changeByUs(4);
        });
        assertThat(killed[0]).isGreaterThan(OUR_DEATHS / 3);
    }

    @Test
    @NeedsTool("strace")
    @DisplayName(
            "cases 26, 27: killed at any of its writes, QEMU leaves an image that the engine reads and goes on with")
    void killedQemu() throws Exception {
        int[] killed = {0};
        repeat(QEMU_DEATHS, image -> {
            killed[0] += image.changeByDyingQemu(6) ? 1 : 0;
            if (!image.spoiledByQemu()) {
                image.changeByUs(4);
            }
        });
        assertThat(killed[0]).isGreaterThan(QEMU_DEATHS / 6);
    }

    @Test
    @NeedsTool("bzip2")
    @DisplayName("an image of Hyper-V, and one that QEMU 1.6 left dirty, are changed in turns")
    void samples() throws Exception {
        RandomGenerator random = Seed.generator(QemuSequencesTest.class);
        DiskRuns hyperV = new DiskRuns(GIB);
        hyperV.fill(0, 33 * MIB, (byte) 0xa5);
        hyperV.fill(33 * MIB, 66 * MIB, (byte) 0x96);
        changeSample("iotest-dynamic-1G.vhdx", hyperV, 32 * MIB, random);
        DiskRuns dirty = new DiskRuns(10 * GIB);
        dirty.fill(0, 18 * MIB, (byte) 0xa5);
        changeSample("iotest-dirtylog-10G-4M.vhdx", dirty, MIB, random);
    }

    private void changeSample(String name, DiskRuns disk, long blockSizeBytes, RandomGenerator random)
            throws Exception {
        for (int i = 0; i < SAMPLE_SEQUENCES; i++) {
            Path file = Samples.unpack(name, Files.createDirectory(directory.resolve(name + i)));
            ImageUnderTest image = new ImageUnderTest(file, disk, blockSizeBytes, random);
            run(
                    it -> {
                        if (it.chance(2)) {
                            it.changeByQemu(5);
                        }
                        it.changeByUsDying(8);
                        it.changeByUs(8);
                        it.changeByQemu(5);
                    },
                    image,
                    name + ", sequence " + i);
            Files.delete(file);
        }
    }
}
