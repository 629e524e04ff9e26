package io.vhdxd.vhdx.storage.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.storage.NoSpaceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** The recorder, the faults, the hooks and the limits of {@link SimulatedStorage}. */
final class SimulatedStorageTest {
    private final SimulatedStorage storage = new SimulatedStorage();

    private static FaultPlan.Fault planned() {
        return FaultPlan.Fault.of(() -> new IOException("planned"));
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(values.length);
        for (int value : values) {
            buffer.put((byte) value);
        }
        return buffer.flip();
    }

    @Test
    void recordsWhatTookEffectInOrder() throws IOException {
        storage.write(bytes(9), 0);
        storage.startRecording();
        storage.write(bytes(1, 2), 10);
        storage.write(bytes(), 10);
        storage.write(new ByteBuffer[] {bytes(3), bytes(4, 5)}, 20);
        storage.setSize(100);
        storage.punchHole(50, 1000);
        storage.punchHole(100, 1000);
        storage.zeroRange(5, 10);
        storage.reserve(0, 100);
        storage.sync();
        storage.read(ByteBuffer.allocate(10), 0);
        assertThat(storage.recording())
                .containsExactly(
                        new Operation.Write(2, 10, bytes(1, 2), 1),
                        new Operation.Write(3, 20, bytes(3, 4, 5), 12),
                        new Operation.SetSize(4, 100),
                        new Operation.Punch(5, 50, 50),
                        new Operation.Zero(6, 5, 10),
                        new Operation.Sync(7, 6, true));
    }

    @Test
    void aRecordingIsReplayedStepByStep() throws IOException {
        SimulatedStorage replayed = storage.copy();
        storage.startRecording();
        List<String> moments = new ArrayList<>();
        storage.setHooks((kind, offset, length) -> {}, (kind, offset, length) -> moments.add(lostAndKept(storage)));
        storage.write(bytes(1, 2, 3), 0);
        storage.sync();
        storage.write(bytes(4), 1);
        storage.setSize(2);
        storage.faults().failNth(EnumSet.of(OperationKind.SYNC), 1, planned());
        assertThatThrownBy(storage::sync).hasMessage("planned");
        storage.write(bytes(5), 0);
        storage.sync();
        storage.clearHooks();
        List<String> replayedMoments = new ArrayList<>();
        for (Operation operation : storage.recording()) {
            replayed.replay(operation);
            replayedMoments.add(lostAndKept(replayed));
        }
        assertThat(replayedMoments).isEqualTo(moments).hasSize(7);
    }

    private static String lostAndKept(SimulatedStorage storage) {
        try {
            return CrashModelTest.content(storage.crash(Fate.LOST)) + " / "
                    + CrashModelTest.content(storage.crash(Fate.KEPT));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theNthOperationFailsOnceOrFromThenOn() throws IOException {
        storage.faults().failNth(EnumSet.of(OperationKind.WRITE, OperationKind.SYNC), 2, planned());
        storage.write(bytes(1), 0);
        storage.size();
        assertThatThrownBy(storage::sync).hasMessage("planned");
        storage.write(bytes(1), 0);
        storage.sync();
        assertThat(storage.faults().firedCount()).isEqualTo(1);

        storage.faults().failFromNth(EnumSet.of(OperationKind.WRITE), 2, planned());
        storage.write(bytes(7), 0);
        assertThatThrownBy(() -> storage.write(bytes(8), 0)).hasMessage("planned");
        assertThatThrownBy(() -> storage.write(bytes(8), 0)).hasMessage("planned");
        assertThat(CrashModelTest.content(storage)).isEqualTo("1x7");
        assertThat(storage.faults().firedCount()).isEqualTo(3);
        storage.faults().clear();
        storage.write(bytes(8), 0);
        assertThat(CrashModelTest.content(storage)).isEqualTo("1x8");
    }

    @Test
    void everyKindOfOperationCanFail() throws IOException {
        storage.write(bytes(1), 0);
        storage.faults().failFromNth(EnumSet.allOf(OperationKind.class), 1, planned());
        ByteBuffer one = ByteBuffer.allocate(1);
        assertThat(List.<ThrowingCallable>of(
                        () -> storage.read(one, 0),
                        () -> storage.readCached(one, 0),
                        () -> storage.write(one, 0),
                        () -> storage.write(new ByteBuffer[] {one}, 0),
                        storage::sync,
                        storage::size,
                        () -> storage.setSize(0),
                        () -> storage.punchHole(0, 1),
                        () -> storage.zeroRange(0, 1),
                        () -> storage.reserve(0, 1),
                        () -> storage.nextData(0)))
                .allSatisfy(call -> assertThatThrownBy(call).hasMessage("planned"));
        assertThat(storage.faults().firedCount()).isEqualTo(11);
        storage.faults().clear();
        assertThat(CrashModelTest.content(storage)).isEqualTo("1x1");
    }

    @Test
    void aFailingOperationMayHaveBeenDoneInPart() throws IOException {
        EnumSet<OperationKind> writes = EnumSet.of(OperationKind.WRITE, OperationKind.SET_SIZE);
        storage.faults().failNth(writes, 1, new FaultPlan.Fault(() -> new IOException("planned"), 2));
        ByteBuffer src = bytes(1, 2, 3);
        assertThatThrownBy(() -> storage.write(src, 0)).hasMessage("planned");
        assertThat(src.position()).isEqualTo(2);
        assertThat(storage.size()).isEqualTo(2);
        storage.faults().failNth(writes, 1, FaultPlan.Fault.afterAll(() -> new IOException("planned")));
        assertThatThrownBy(() -> storage.setSize(10)).hasMessage("planned");
        assertThat(storage.size()).isEqualTo(10);
    }

    @Test
    void spaceRunsOut() throws IOException {
        storage.setSpaceLimit(3 * 4096);
        storage.write(ByteBuffer.allocate(4096), 0);
        storage.setSize(1 << 20);
        ByteBuffer src = ByteBuffer.allocate(5 * 4096);
        assertThatThrownBy(() -> storage.write(src, 2048)).isInstanceOf(NoSpaceException.class);
        assertThat(src.position()).as("written as far as the space went").isEqualTo(3 * 4096 - 2048);
        assertThat(storage.spaceBytes()).isEqualTo(3 * 4096);
        storage.write(ByteBuffer.allocate(3 * 4096), 0);
        assertThatThrownBy(() -> storage.zeroRange(4 * 4096, 1)).isInstanceOf(NoSpaceException.class);
        assertThatThrownBy(() -> storage.reserve(1 << 21, 1)).isInstanceOf(NoSpaceException.class);
        storage.punchHole(4096, 8192);
        assertThat(storage.spaceBytes()).isEqualTo(4096);
        storage.reserve(1 << 21, 1);
        storage.zeroRange(5000, 1);
        assertThat(storage.spaceBytes()).isEqualTo(3 * 4096);
        assertThatCode(() -> storage.write(ByteBuffer.allocate(100), 1 << 21)).doesNotThrowAnyException();
        assertThatThrownBy(() -> storage.setSize(Long.MAX_VALUE)).isInstanceOf(NoSpaceException.class);
        assertThatThrownBy(() -> storage.write(bytes(1, 2), SimulatedStorage.MAX_SIZE - 1))
                .isInstanceOf(NoSpaceException.class);
    }

    @Test
    void hooksRunBeforeAndAfterAndMayUseTheStorage() throws IOException {
        List<String> seen = new ArrayList<>();
        storage.setHooks(
                (kind, offset, length) -> {
                    seen.add("before " + kind + " " + offset + " " + length);
                    if (kind == OperationKind.WRITE && offset == 100) {
                        try {
                            storage.write(bytes(1, 2, 3), 0);
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    }
                },
                (kind, offset, length) -> seen.add("after " + kind + " " + offset + " " + length));
        storage.write(bytes(9), 100);
        storage.faults().failNth(EnumSet.of(OperationKind.SYNC), 1, planned());
        assertThatThrownBy(storage::sync).hasMessage("planned");
        storage.setSize(5);
        assertThat(seen)
                .containsExactly(
                        "before WRITE 100 1",
                        "before WRITE 0 3",
                        "after WRITE 0 3",
                        "after WRITE 100 1",
                        "before SYNC 0 0",
                        "after SYNC 0 0",
                        "before SET_SIZE 5 0",
                        "after SET_SIZE 5 0");
    }

    @Test
    void cachedReadsMissAsTheModelSays() throws IOException {
        storage.write(bytes(1, 2, 3, 4), 0);
        ByteBuffer dst = ByteBuffer.allocate(10);
        assertThat(storage.readCached(dst, 1)).isEqualTo(3);
        storage.setCacheModel((offset, length) -> 0);
        assertThat(storage.readCached(dst.clear(), 0)).isZero();
        storage.setCacheModel((offset, length) -> (int) (2 - offset));
        assertThat(storage.readCached(dst.clear(), 0)).isEqualTo(2);
        assertThat(storage.readCached(dst.clear(), 3)).isZero();
        assertThat(storage.read(dst.clear(), 0)).isEqualTo(4);
    }

    @Test
    void copiesAreIndependent() throws IOException {
        storage.write(bytes(1, 2, 3), 0);
        SimulatedStorage copy = storage.copy();
        storage.write(bytes(4), 0);
        copy.write(bytes(5), 1);
        assertThat(CrashModelTest.content(storage)).isEqualTo("1x4 1x2 1x3");
        assertThat(CrashModelTest.content(copy)).isEqualTo("1x1 1x5 1x3");
        assertThat(CrashModelTest.content(storage.readOnlyCopy())).isEqualTo("1x4 1x2 1x3");
        assertThat(copy.undurable()).hasSize(1);
    }

    @Test
    void speedOfZeroingIsAsSet() {
        assertThat(storage.zeroesFast()).isTrue();
        storage.setZeroesFast(false);
        assertThat(storage.zeroesFast()).isFalse();
    }
}
