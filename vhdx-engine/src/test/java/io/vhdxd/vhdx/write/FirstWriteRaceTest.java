package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Two requests on one block that has no space yet (design.md hard place 2, reliability.md 1.5 and rows 79 and 80). */
class FirstWriteRaceTest {
    private static final long MIB = 1 << 20;
    private static final long SECOND_OFFSET = MIB + 8192;

    private final SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64 * MIB, 1 << 20));

    FirstWriteRaceTest() throws IOException {}

    @BeforeEach
    void beginSession() {
        Answer write = image.write(0, stamp(1));
        image.settle();
        assertThat(write.isSuccess()).isTrue();
    }

    @Test
    @DisplayName(
            "the first write is held in its payload, a second one and a flush come, the process dies: nothing is lost")
    void secondWriteAndFlushWhileFirstIsHeld() throws IOException {
        AtomicBoolean held = new AtomicBoolean();
        Answer[] others = new Answer[2];
        boolean[] triedPastTheWriter = new boolean[1];
        image.storage()
                .setHooks(
                        (kind, offset, length) -> {
                            if (kind == OperationKind.WRITE && length == 512 && held.compareAndSet(false, true)) {
                                // The first write is in the middle of its payload. What a connection does meanwhile:
                                triedPastTheWriter[0] = tryOverwrite(SECOND_OFFSET, stamp(3));
                                others[0] = image.write(SECOND_OFFSET, stamp(3));
                                others[1] = image.flush();
                                assertThat(others[0].isGiven()).isFalse();
                                assertThat(others[1].isGiven()).isFalse();
                            }
                        },
                        (kind, offset, length) -> {});
        Answer first = image.write(MIB, stamp(2));
        image.step();

        assertThat(held).isTrue();
        assertThat(triedPastTheWriter[0])
                .as("the second write may not pass the writer")
                .isFalse();
        image.settle();
        assertThat(first.isSuccess()).isTrue();
        assertThat(others[0].isSuccess()).isTrue();
        assertThat(others[1].isSuccess()).isTrue();

        SteppedImage after = SteppedImage.open(image.storage().crash(change -> Fate.LOST));
        assertThat(after.read(MIB, 512)).isEqualTo(stamp(2));
        assertThat(after.read(SECOND_OFFSET, 512)).isEqualTo(stamp(3));
    }

    @Test
    @DisplayName("SEC-37, row 80: the first write fails for want of space, the second one in the same block survives")
    void firstFailsSecondSurvives() throws IOException {
        image.storage()
                .faults()
                .failNth(Set.of(OperationKind.WRITE), 1, new Fault(() -> new NoSpaceException("full"), 100));
        Answer first = image.write(MIB, stamp(2));
        Answer second = image.write(SECOND_OFFSET, stamp(3));
        Answer flush = image.flush();
        image.settle();

        assertThat(first.failure()).isInstanceOf(NoSpaceException.class);
        assertThat(second.isSuccess()).isTrue();
        assertThat(flush.isSuccess()).isTrue();
        assertThat(image.health().hasFailed()).isFalse();
        SteppedImage after = SteppedImage.open(image.storage().crash(change -> Fate.LOST));
        assertThat(after.read(SECOND_OFFSET, 512)).isEqualTo(stamp(3));
        assertThat(after.read(MIB, 512)).as("nothing of the failed write").isEqualTo(stamp(0));
    }

    @Test
    @DisplayName("a reader sees a new block only with its payload")
    void readersSeeNoHalfBlock() throws IOException {
        image.storage().setHooks((kind, offset, length) -> {}, (kind, offset, length) -> {
            if (kind == OperationKind.WRITE) {
                // After the payload, and after the log entry: not published yet.
                assertThat(read(MIB)).isEqualTo(stamp(0));
            }
        });
        Answer write = image.write(MIB, stamp(2));
        image.step();
        image.storage().clearHooks();
        assertThat(write.isSuccess()).isTrue();
        assertThat(image.read(MIB, 512)).isEqualTo(stamp(2));
    }

    @Test
    @DisplayName("the second write is answered with the first one's log entry, not before it")
    void secondIsNotAnsweredBeforeTheLogEntry() {
        SimulatedStorage storage = image.storage();
        Answer[] answers = new Answer[2];
        storage.setHooks(
                (kind, offset, length) -> {
                    if (kind == OperationKind.WRITE && offset >= MIB && offset < 2 * MIB) {
                        assertThat(answers).noneMatch(Answer::isGiven);
                    }
                },
                (kind, offset, length) -> {});
        answers[0] = image.write(MIB, stamp(2));
        answers[1] = image.write(SECOND_OFFSET, stamp(3));
        image.step();
        assertThat(answers).allMatch(Answer::isSuccess);
    }

    private boolean tryOverwrite(long offsetBytes, ByteBuffer src) {
        try {
            return image.overwrites().tryWrite(offsetBytes, new ByteBuffer[] {src}, src.remaining());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private ByteBuffer read(long offsetBytes) {
        try {
            return image.read(offsetBytes, 512);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static ByteBuffer stamp(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }
}
