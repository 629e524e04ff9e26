package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Requests of 512 bytes, and of any number of bytes, to disks with logical sectors of 4096 (nbd.md OP-15, SZ-03). A block is
 * written in place with the bytes that the client sent, and no others, so that nothing has to be read before, and nobody's bytes
 * are written back.
 */
class LargeSectorTest {
    private static final long MIB = 1 << 20;
    private static final int WORKLOADS = 12;
    private static final int STEPS = 1200;

    private static SteppedImage open() throws IOException {
        return SteppedImage.open(SimulatedImages.dynamicWithSectors(64 * MIB, 1 << 20, 4096));
    }

    private static ByteBuffer filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.allocateDirect(length).put(bytes).flip();
    }

    private static void assertHolds(SteppedImage image, long offset, int length, int value) throws IOException {
        assertThat(image.read(offset, length)).isEqualTo(filled(length, value));
    }

    @Test
    @DisplayName("two writes into one sector of 4096, both before the block has space: both survive, also a kill")
    void twoFirstWrites() throws IOException {
        SteppedImage image = open();
        Answer first = image.write(3 * MIB + 512, filled(512, 1));
        Answer second = image.write(3 * MIB + 1024, filled(300, 2));
        image.stepToRest();
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.isSuccess()).isTrue();
        for (SteppedImage seen :
                List.of(image, SteppedImage.open(image.storage().copy()))) {
            assertHolds(seen, 3 * MIB, 512, 0);
            assertHolds(seen, 3 * MIB + 512, 512, 1);
            assertHolds(seen, 3 * MIB + 1024, 300, 2);
            assertHolds(seen, 3 * MIB + 1324, 4096 - 1324, 0);
        }
    }

    @Test
    @DisplayName(
            "an overwrite in the midst of the writer's write, zeroes or trim of the same sector loses nothing of either")
    void besideTheWriter() throws IOException {
        for (int kind = 0; kind < 3; kind++) {
            SteppedImage image = open();
            image.write(3 * MIB, filled(16384, 7));
            image.settle();
            AtomicBoolean beside = new AtomicBoolean();
            image.storage()
                    .setHooks(
                            (operation, offset, length) -> {
                                boolean change = operation == OperationKind.WRITE || operation == OperationKind.PUNCH;
                                if (change && beside.compareAndSet(false, true)) {
                                    overwrite(image, 3 * MIB + 700, filled(100, 9));
                                }
                            },
                            (operation, offset, length) -> {});
            Answer answer = switch (kind) {
                case 0 -> image.write(3 * MIB + 800, filled(512, 8));
                case 1 -> image.zero(3 * MIB + 800, 512);
                default -> image.trim(3 * MIB + 800, 12000);
            };
            image.settle();
            assertThat(answer.isSuccess()).isTrue();
            assertThat(beside).isTrue();
            assertHolds(image, 3 * MIB, 700, 7);
            assertHolds(image, 3 * MIB + 700, 100, 9);
            assertHolds(image, 3 * MIB + 800, 512, kind == 0 ? 8 : kind == 1 ? 0 : 7);
            assertHolds(image, 3 * MIB + 1312, 4096 - 1312, 7);
            // Of what the trim covers, whole pages have become zeros; a part of a page stays as it is.
            assertHolds(image, 3 * MIB + 4096, 8192, kind == 2 ? 0 : 7);
            assertHolds(image, 3 * MIB + 12288, 4096, 7);
        }
    }

    private static void overwrite(SteppedImage image, long offset, ByteBuffer content) {
        int access = image.gate().enter();
        try {
            assertThat(image.overwrites().tryWrite(offset, new ByteBuffer[] {content}, content.remaining()))
                    .isTrue();
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            image.gate().exit(access);
        }
    }

    @Test
    @DisplayName("a crash leaves each 512 bytes of a sector of 4096 old or new, and what was flushed new")
    void crashes() throws IOException {
        RandomGenerator random = Seed.generator(LargeSectorTest.class);
        for (int number = 0; number < WORKLOADS; number++) {
            SteppedImage image = SteppedImage.open(SimulatedImages.dynamicWithSectors(40L << 30, 1 << 20, 4096));
            assertThat(image.geometry().logicalSectorSizeBytes()).isEqualTo(4096);
            RandomWorkload workload = new RandomWorkload(image, random);
            for (int step = 0; step < STEPS; step++) {
                workload.step();
                if (random.nextInt(STEPS / 8) == 0) {
                    verify(image.storage().copy(), workload.model(), true);
                    verify(image.storage().crash(random), workload.model(), false);
                }
            }
            workload.settle();
            image.close();
            verify(image.storage().copy(), workload.model(), true);
        }
    }

    private static void verify(SimulatedStorage state, DiskModel model, boolean processDied) throws IOException {
        SteppedImage after = SteppedImage.open(state);
        List<String> wrong = new ArrayList<>();
        for (long sector : model.changedSectors()) {
            ByteBuffer content = after.read(sector * DiskModel.SECTOR_BYTES, DiskModel.SECTOR_BYTES);
            long stamp = DiskModel.stampOf(sector, content);
            if (!(processDied ? model.allowedNow(sector) : model.allowedAfterPowerLoss(sector)).contains(stamp)) {
                wrong.add("sector " + sector + " holds " + stamp);
            }
        }
        assertThat(wrong).isEmpty();
    }
}
