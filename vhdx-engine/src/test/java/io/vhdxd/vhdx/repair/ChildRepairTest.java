package io.vhdxd.vhdx.repair;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.edit.GuestRange;
import io.vhdxd.vhdx.fixture.ChainFiles;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.repair.RepairOptions.WithoutBitmap;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.CrashStates;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The repair of sector bitmaps, which only differencing disks have: vhdx.md cases 85, 90 and 91. */
class ChildRepairTest {
    /** The entry of the sector bitmap block of the first chunk. */
    private static final long BITMAP_INDEX = 4096;

    /** Block 0 is the child's, block 1 is partially so, by the bitmap at 6 MiB. */
    private final ImageBuilder child = ChainFiles.childOf(ImageBuilder.dynamic(8 * MIB, (int) MIB), ".\\parent.vhdx")
            .size(7 * MIB)
            .block(0, 6, 4)
            .block(1, 7, 5)
            .batEntry(BITMAP_INDEX, 6 | 6L << 20);

    private static RepairReport repair(SimulatedStorage storage, boolean allowLoss, WithoutBitmap side)
            throws IOException {
        return Repair.run(storage, new RepairOptions(allowLoss, 0, side), SimulatedImages.guids(5));
    }

    private static LoadedImage sound(SimulatedStorage storage) throws IOException {
        Findings findings = new Findings();
        LoadedImage image = ImageLoader.load(storage, LoadOptions.STRICT, findings);
        assertThat(findings.worst()).as("%s", findings.kept()).isEqualTo(Severity.NOTE);
        return image;
    }

    private static List<GuestRange> lost(RepairReport report) {
        return report.losses().stream().flatMap(loss -> loss.ranges().stream()).toList();
    }

    @Test
    @DisplayName("a sound child keeps every byte")
    void nothingToDo() throws IOException {
        SimulatedStorage storage = child.simulated();
        assertThat(repair(storage, true, WithoutBitmap.PARENT).repaired()).isEmpty();
        assertThat(Recorded.operations(storage)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0,PARENT,NOT_PRESENT", "0,CHILD,FULLY_PRESENT", "9,PARENT,NOT_PRESENT", "3,CHILD,FULLY_PRESENT"})
    @DisplayName(
            "case 91: a block without its bitmap waits for a decision, and then is one side's, whatever a crash leaves")
    void lostBitmap(long bitmapMib, WithoutBitmap side, PayloadBlockState expected) throws IOException {
        child.batEntry(BITMAP_INDEX, bitmapMib == 0 ? 0 : 6 | bitmapMib << 20);
        SimulatedStorage storage = child.simulated();
        for (boolean allowLoss : new boolean[] {false, true}) {
            RepairReport refused = repair(storage, allowLoss, WithoutBitmap.UNDECIDED);
            assertThat(refused.isLossRefused()).isTrue();
            assertThat(lost(refused)).containsExactly(new GuestRange(MIB, MIB));
        }
        assertThat(repair(storage, false, side).isLossRefused()).isTrue();
        assertThat(Recorded.operations(storage)).isEmpty();
        int states = CrashStates.forEach(
                storage, Seed.generator(ChildRepairTest.class), disk -> repair(disk, true, side), state -> {
                    repair(state, true, side);
                    assertThat(BlockMap.state(sound(state).blockMap().entry(1))).isEqualTo(expected);
                });
        assertThat(states).isGreaterThan(10);
        LoadedImage image = sound(storage);
        assertThat(BlockMap.state(image.blockMap().entry(1))).isEqualTo(expected);
        assertThat(BlockMap.fileOffsetMib(image.blockMap().entry(0))).isEqualTo(4);
    }

    @Test
    @DisplayName("case 90: a bitmap block that is nowhere and that no block needs is forgotten")
    void needlessBitmap() throws IOException {
        child.block(1, 0, 0).batEntry(BITMAP_INDEX, 6 | 9L << 20);
        SimulatedStorage storage = child.simulated();
        RepairReport report = repair(storage, false, WithoutBitmap.UNDECIDED);
        assertThat(report.isLossRefused()).isFalse();
        assertThat(report.repaired()).hasSize(1);
        assertThat(sound(storage).bitmapPlaces()).isNotNull();
    }

    @Test
    @DisplayName("case 85: a block over a bitmap block is given up only if that is allowed; the bitmap stays")
    void blockOverBitmap() throws IOException {
        child.block(3, 6, 6);
        SimulatedStorage storage = child.simulated();
        assertThat(repair(storage, false, WithoutBitmap.UNDECIDED).isLossRefused())
                .isTrue();
        assertThat(lost(repair(storage, true, WithoutBitmap.UNDECIDED))).containsExactly(new GuestRange(3 * MIB, MIB));
        LoadedImage image = sound(storage);
        assertThat(BlockMap.state(image.blockMap().entry(3))).isEqualTo(PayloadBlockState.ZERO);
        assertThat(BlockMap.isPartiallyPresent(image.blockMap().entry(1))).isTrue();
    }

    @Test
    @DisplayName("case 90: a bitmap block in a state that none can have is refused")
    void impossibleState() throws IOException {
        child.batEntry(BITMAP_INDEX, 3);
        SimulatedStorage storage = child.simulated();
        assertThat(repair(storage, true, WithoutBitmap.PARENT).refusal()).contains("has the state 3");
        assertThat(Recorded.operations(storage)).isEmpty();
    }
}
