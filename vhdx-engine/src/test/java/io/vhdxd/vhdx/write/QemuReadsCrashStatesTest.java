package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedFiles;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Promise R9: QEMU replays what a crash leaves, and finds everything that was answered or flushed. */
@NeedsTool({"qemu-img", "qemu-io"})
class QemuReadsCrashStatesTest {
    private static final int WORKLOAD_COUNT = 12;
    private static final int STEPS_PER_WORKLOAD = 1500;

    @TempDir
    private Path directory;

    @Test
    @DisplayName("R9: qemu-img check -r all, and then every sector as the model allows")
    void qemuAsTheReader() throws Exception {
        RandomGenerator random = Seed.generator(QemuReadsCrashStatesTest.class);
        for (int number = 0; number < WORKLOAD_COUNT; number++) {
            // Up to 40 pages of the BAT, and enough log entries to come round the ring.
            SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(20L << 30, 1 << 20));
            RandomWorkload workload = new RandomWorkload(image, random);
            DiskModel model = workload.model();
            for (int step = 0; step < STEPS_PER_WORKLOAD; step++) {
                workload.step();
                if (random.nextInt(STEPS_PER_WORKLOAD / 4) == 0) {
                    String where = "workload " + number + ", step " + step;
                    verify(image.storage().copy(), model, model::allowedNow, where + ", process died");
                    verify(image.storage().crash(random), model, model::allowedAfterPowerLoss, where + ", power lost");
                }
            }
            workload.settle();
            image.close();
            verify(image.storage().copy(), model, model::allowedNow, "workload " + number + ", closed");
        }
    }

    private void verify(SimulatedStorage state, DiskModel model, LongFunction<Set<Long>> allowed, String description)
            throws Exception {
        Path file = directory.resolve("state.vhdx");
        SimulatedFiles.write(state, file);
        Tool check = Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", file.toString());
        assertThat(check.exitCode()).as("%s: %s", description, check.output()).isZero();
        List<Long> sectors = List.copyOf(model.changedSectors());
        List<ByteBuffer> contents = readByQemu(file, sectors);
        for (int i = 0; i < sectors.size(); i++) {
            long sector = sectors.get(i);
            assertThat(allowed.apply(sector))
                    .as("%s: what sector %d may hold", description, sector)
                    .contains(DiskModel.stampOf(sector, contents.get(i)));
        }
        Files.delete(file);
    }

    private static List<ByteBuffer> readByQemu(Path file, List<Long> sectors) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-r", "-f", "vhdx"));
        for (long sector : sectors) {
            command.add("-c");
            command.add("read -v " + sector * DiskModel.SECTOR_BYTES + " " + DiskModel.SECTOR_BYTES);
        }
        command.add(file.toString());
        Tool io = Tool.run(command.toArray(String[]::new)).succeeded();
        List<ByteBuffer> contents = new ArrayList<>();
        ByteBuffer content = ByteBuffer.allocate(DiskModel.SECTOR_BYTES);
        for (String line : io.output().lines().toList()) {
            // "00000200:  5a 5a ... 5a  ZZZZZZZZZZZZZZZZ"
            int colon = line.indexOf(":  ");
            if (colon > 0 && line.length() > colon + 50) {
                content.put(HexFormat.ofDelimiter(" ").parseHex(line.substring(colon + 3, colon + 50)));
                if (!content.hasRemaining()) {
                    contents.add(content.flip());
                    content = ByteBuffer.allocate(DiskModel.SECTOR_BYTES);
                }
            }
        }
        assertThat(contents).hasSameSizeAs(sectors);
        return contents;
    }
}
