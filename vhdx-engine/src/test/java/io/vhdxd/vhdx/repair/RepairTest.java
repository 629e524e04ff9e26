package io.vhdxd.vhdx.repair;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.edit.GuestRange;
import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.fixture.Tool;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.CrashStates;
import io.vhdxd.vhdx.testing.NeedsTool;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedFiles;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every case of the catalogue (vhdx.md section 5): what its repair makes of it, and what a crash makes of the repair. */
class RepairTest {
    private static final boolean DEEP = Boolean.getBoolean("vhdxd.deep");

    /** So many of the crash states are not looked at for each that is, but in a deep run. */
    private static final int STATES_SKIPPED = 2;

    static List<Damage> damages() {
        return Damages.all();
    }

    static List<Damage> repairable() {
        return Damages.all().stream()
                .filter(damage -> damage.fate() == Damage.Fate.MENDED || damage.fate() == Damage.Fate.LOSSY)
                .toList();
    }

    private static RepairReport repair(SimulatedStorage storage, RepairOptions options) throws IOException {
        return Repair.run(storage, options, SimulatedImages.guids(5));
    }

    private static SimulatedStorage recorded(SimulatedStorage storage) {
        SimulatedStorage copy = storage.copy();
        copy.startRecording();
        return copy;
    }

    private static void assertClean(SimulatedStorage storage, String content) throws IOException {
        Findings findings = new Findings();
        LoadedImage image = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        assertThat(findings.worst()).as("%s", findings.kept()).isEqualTo(Severity.NOTE);
        assertThat(image.needsReplay()).isFalse();
        for (int block = 0; block < content.length(); block++) {
            char expected = content.charAt(block);
            if (expected != '?') {
                byte[] bytes = new byte[(int) MIB];
                Arrays.fill(bytes, (byte) (expected == '.' ? 0 : 0x11 * (expected - '0')));
                assertThat(DiskContent.read(image, block * MIB, (int) MIB))
                        .as("block %d", block)
                        .isEqualTo(bytes);
            }
        }
    }

    private static List<GuestRange> lost(RepairReport report) {
        return report.losses().stream().flatMap(loss -> loss.ranges().stream()).toList();
    }

    @ParameterizedTest(name = "case {0}")
    @MethodSource("damages")
    @DisplayName("a repair makes what the catalogue says, tells it, and has nothing to do a second time")
    void repaired(Damage damage) throws IOException {
        SimulatedStorage storage = damage.image().simulated();
        if (damage.fate() == Damage.Fate.LOSSY) {
            RepairReport refused = repair(storage, RepairOptions.LOSSLESS);
            assertThat(refused.isLossRefused()).isTrue();
            assertThat(refused.losses()).isNotEmpty();
            assertThat(lost(refused)).isEqualTo(damage.lost());
        }
        RepairReport report = repair(storage, damage.options());
        assertThat(report.isLossRefused()).isFalse();
        if (damage.fate() == Damage.Fate.REFUSED) {
            assertThat(report.refusal()).isNotBlank();
            assertThat(Recorded.operations(storage)).isEmpty();
            return;
        }
        assertThat(report.refusal()).isNull();
        assertThat(report.repaired().isEmpty()).isEqualTo(damage.fate() == Damage.Fate.SOUND);
        if (damage.fate() == Damage.Fate.LOSSY) {
            assertThat(lost(report)).isEqualTo(damage.lost());
        }
        assertClean(storage, damage.content());
        SimulatedStorage again = recorded(storage);
        assertThat(repair(again, damage.options()).repaired()).isEmpty();
        assertThat(Recorded.operations(again)).isEmpty();
    }

    @ParameterizedTest(name = "case {0}")
    @MethodSource("repairable")
    @DisplayName("whatever a crash leaves of a repair, the next repair completes it")
    void crashed(Damage damage) throws IOException {
        RandomGenerator random = Seed.generator(RepairTest.class);
        int states = CrashStates.forEach(
                damage.image().simulated(), random, storage -> repair(storage, damage.options()), state -> {
                    if (!DEEP && random.nextInt(STATES_SKIPPED + 1) != 0) {
                        return;
                    }
                    RepairReport report = repair(state, damage.options());
                    assertThat(report.refusal()).isNull();
                    assertThat(report.isLossRefused()).isFalse();
                    assertClean(state, damage.content());
                });
        assertThat(states).isGreaterThan(4);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 96 << 10, MIB})
    @DisplayName("a full file system ends a repair with the image as readable as it was, and with space it goes on")
    void noSpace(long spaceBytes) throws IOException {
        SimulatedStorage storage = Damage.sound()
                .block(5, 6, 4)
                .batEntry(6, 5)
                .putInt(ImageBuilder.REGION_TABLES.get(0), 0)
                .simulated();
        storage.setSpaceLimit(storage.spaceBytes() + spaceBytes);
        assertThatThrownBy(() -> repair(storage, RepairOptions.LOSSLESS)).isInstanceOf(NoSpaceException.class);
        SimulatedStorage left = storage.copy();
        LoadedImage image = ImageLoader.load(left, LoadOptions.STRICT, new Findings());
        assertThat(DiskContent.read(image, 5 * MIB, (int) MIB)).containsOnly(0x11);
        assertThat(repair(left, RepairOptions.LOSSLESS).refusal()).isNull();
        assertClean(left, "123..1..");
    }

    @ParameterizedTest(name = "case {0}")
    @MethodSource("repairable")
    @NeedsTool({"qemu-img", "qemu-io"})
    @DisplayName("R9: QEMU finds no fault with what a repair has made, and reads the same")
    void readByQemu(Damage damage, @TempDir Path directory) throws Exception {
        SimulatedStorage storage = damage.image().simulated();
        repair(storage, damage.options());
        Path file = directory.resolve("repaired.vhdx");
        SimulatedFiles.write(storage, file);
        Tool.run("qemu-img", "check", "-f", "vhdx", file.toString()).succeeded();
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "vhdx", "-r"));
        for (int block = 0; block < damage.content().length(); block++) {
            char expected = damage.content().charAt(block);
            if (expected != '?') {
                int value = expected == '.' ? 0 : 0x11 * (expected - '0');
                command.addAll(List.of("-c", "read -P " + value + " " + block + "M 1M"));
            }
        }
        command.add(file.toString());
        assertThat(Tool.run(command.toArray(String[]::new)).succeeded().output())
                .doesNotContain("verification failed", "error");
    }
}
