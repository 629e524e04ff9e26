package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Promises R1, R3 and R5 at random moments of random workloads: what is left by the death of the process, and by a loss of
 * power, holds in every sector what the model allows.
 */
class CrashStatesTest {
    private static final int WORKLOAD_COUNT = 150;
    private static final int STEPS_PER_WORKLOAD = 400;
    private static final long VIRTUAL_SIZE_BYTES = (20L << 30) + 512;

    @Test
    @DisplayName("no crash loses what was answered or flushed, and none shows what was never written there")
    void randomWorkloads() throws IOException {
        RandomGenerator random = Seed.generator(CrashStatesTest.class);
        int states = 0;
        for (int workload = 0; workload < WORKLOAD_COUNT; workload++) {
            states += run(workload, random);
        }
        assertThat(states).isGreaterThan(WORKLOAD_COUNT);
    }

    private static int run(int number, RandomGenerator random) throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(VIRTUAL_SIZE_BYTES, 1 << 20));
        RandomWorkload workload = new RandomWorkload(image, random);
        DiskModel model = workload.model();
        int states = 0;
        for (int step = 0; step < STEPS_PER_WORKLOAD; step++) {
            workload.step();
            if (random.nextInt(40) == 0) {
                String where = "workload " + number + ", step " + step;
                verify(image.storage().copy(), model, model::allowedNow, where + ", process died");
                verify(crash(image.storage(), random), model, model::allowedAfterPowerLoss, where + ", power lost");
                states += 2;
            }
        }
        workload.settle();
        image.close();
        verify(image.storage().copy(), model, model::allowedNow, "workload " + number + ", closed");
        assertThat(image.health().hasFailed()).isFalse();
        return states + 1;
    }

    /** A state after a crash; sometimes after a further crash in the middle of the recovery. */
    private static SimulatedStorage crash(SimulatedStorage storage, RandomGenerator random) throws IOException {
        SimulatedStorage state = storage.crash(random);
        if (random.nextInt(3) == 0) {
            SimulatedStorage recovering = state.copy();
            recovering.startRecording();
            SteppedImage.open(recovering);
            int done = random.nextInt(recovering.recording().size() + 1);
            recovering.recording().subList(0, done).forEach(state::replay);
            return state.crash(random);
        }
        return state;
    }

    private static void verify(
            SimulatedStorage state, DiskModel model, LongFunction<Set<Long>> allowed, String description)
            throws IOException {
        SteppedImage recovered = SteppedImage.open(state);
        for (long sector : model.changedSectors()) {
            ByteBuffer content = recovered.read(sector * DiskModel.SECTOR_BYTES, DiskModel.SECTOR_BYTES);
            assertThat(allowed.apply(sector))
                    .as("%s: what sector %d may hold", description, sector)
                    .contains(DiskModel.stampOf(sector, content));
        }
        Findings findings = new Findings();
        ImageLoader.load(state, LoadOptions.STRICT, findings);
        assertThat(findings.worst()).as("%s: %s", description, findings.kept()).isLessThan(Severity.WARNING);
    }
}
