package io.vhdxd.vhdx.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Promise R9 over all kinds of workloads: QEMU as a second, independent reader of what crashes leave. */
@NeedsTool({"qemu-img", "qemu-io"})
class QemuReadsAllFamiliesTest {
    /** In all; {@code -Dvhdxd.qemuStates} asks for another number. */
    private static final long STATES_MIN =
            Long.getLong("vhdxd.qemuStates", Boolean.getBoolean("vhdxd.deep") ? 20_000 : 72);
    /** QEMU reads one state out of so many. */
    private static final int STRIDE = 61;

    @TempDir
    private Path directory;

    @Test
    @Timeout(value = 4, unit = TimeUnit.HOURS)
    @DisplayName("R9: qemu-img check -r all, and then every followed sector as the model allows")
    void qemuAsTheReader() throws IOException {
        RandomGenerator random = Seed.generator(QemuReadsAllFamiliesTest.class);
        List<Family> families = Families.all();
        long statesEach = Math.ceilDiv(STATES_MIN, families.size());
        long begunNanos = System.nanoTime();
        long count = 0;
        for (Family family : families) {
            QemuReader qemu = new QemuReader(directory, STRIDE, statesEach);
            new CrashProof(qemu, random).runFamilies(List.of(family), Thoroughness.QUICK, statesEach * STRIDE);
            count += qemu.stateCount();
        }
        System.out.printf("%,d states read by QEMU in %,d ms%n", count, (System.nanoTime() - begunNanos) / 1_000_000);
        assertThat(count).isGreaterThanOrEqualTo(STATES_MIN);
    }
}
