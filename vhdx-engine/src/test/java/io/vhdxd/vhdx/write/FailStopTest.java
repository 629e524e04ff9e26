package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.diagnosis.ImageFailedException;
import io.vhdxd.vhdx.request.AbandonedException;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.Operation.Sync;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Promise R4: the first failure of a sync, a log write or a payload write ends all changes; and what does not end them. */
class FailStopTest {
    private static final long MIB = 1 << 20;

    private final SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64 * MIB, 1 << 20));

    FailStopTest() throws IOException {}

    @BeforeEach
    void beginSession() {
        Answer write = image.write(0, stamp(1));
        Answer flush = image.flush();
        image.settle();
        assertThat(write.isSuccess()).isTrue();
        assertThat(flush.isSuccess()).isTrue();
    }

    @Test
    @DisplayName(
            "R4, SEC-39, nbd.md OR-04, fault 6: after a failed sync writes and flushes fail, reads go on, no sync is repeated")
    void failedSync() throws IOException {
        failNext(OperationKind.SYNC);
        Answer flush = image.flush();
        image.settle();
        assertPoisoned(flush);
        assertThat(image.read(0, 512)).isEqualTo(stamp(1));
    }

    @Test
    @DisplayName("a flush that waits for the sync after the failing one fails too")
    void flushBehindFailedSync() {
        failNext(OperationKind.SYNC);
        Answer first = image.flush();
        image.stepToRest();
        Answer second = image.flush();
        image.stepToRest();
        image.runRound();
        image.settle();
        assertThat(first.failure()).isInstanceOf(ImageFailedException.class);
        assertThat(second.failure()).isInstanceOf(ImageFailedException.class);
    }

    @Test
    @DisplayName("case 115, R4: a failed log write fails the write that needed it, and all that follow")
    void failedLogWrite() {
        image.storage().faults().failNth(Set.of(OperationKind.WRITE), 2, Fault.of(() -> new IOException("injected")));
        assertPoisoned(image.write(5 * MIB, stamp(2)));
    }

    @Test
    @DisplayName("fault 5: a failed payload write fails the image")
    void failedPayloadWrite() {
        failNext(OperationKind.WRITE);
        assertPoisoned(image.write(5 * MIB, stamp(2)));
    }

    @Test
    @DisplayName("fault 5: a failed overwrite past the writer fails the image")
    void failedOverwrite() {
        failNext(OperationKind.WRITE);
        assertThatThrownBy(() -> image.overwrites().tryWrite(0, new ByteBuffer[] {stamp(2)}, 512))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("injected");
        assertPoisoned(image.flush());
    }

    @Test
    @DisplayName("an overwrite that was running when the image failed is not answered with success")
    void overwriteDuringFailure() {
        image.storage().setHooks((kind, offset, length) -> {}, (kind, offset, length) -> {
            if (kind == OperationKind.WRITE) {
                image.health().fail(new IOException("injected"));
            }
        });
        assertThatThrownBy(() -> image.overwrites().tryWrite(0, new ByteBuffer[] {stamp(2)}, 512))
                .isInstanceOf(ImageFailedException.class);
    }

    @Test
    @DisplayName("fault 40: an error that nobody expected fails the image and everybody who waits")
    void crashOfTheAgent() {
        Answer waiting = image.flush();
        image.stepToRest();
        image.storage()
                .setHooks(
                        (kind, offset, length) -> {
                            if (kind == OperationKind.WRITE) {
                                throw new IllegalStateException("injected");
                            }
                        },
                        (kind, offset, length) -> {});
        Answer write = image.write(5 * MIB, stamp(2));
        assertThatThrownBy(image::step).isInstanceOf(IllegalStateException.class);
        image.crashed(new IllegalStateException("injected"));
        image.storage().clearHooks();
        image.settle();
        assertThat(waiting.failure()).isInstanceOf(ImageFailedException.class);
        assertPoisoned(write);
    }

    @Test
    @DisplayName("a failed image is closed without a further write, and the next opening replays what was flushed")
    void closeAfterFailure() throws IOException {
        Answer write = image.write(5 * MIB, stamp(2));
        Answer flush = image.flush();
        image.settle();
        assertThat(write.isSuccess()).isTrue();
        assertThat(flush.isSuccess()).isTrue();
        failNext(OperationKind.SYNC);
        image.flush();
        image.settle();

        image.storage().startRecording();
        image.close();
        assertThat(image.storage().recording()).isEmpty();
        SteppedImage after = SteppedImage.open(image.storage().crash(change -> Fate.LOST));
        assertThat(after.read(5 * MIB, 512)).isEqualTo(stamp(2));
    }

    @Test
    @DisplayName("case 96, fault 1: no space for a payload fails that write only, and the block stays without space")
    void noSpaceForPayload() throws IOException {
        image.storage()
                .faults()
                .failNth(Set.of(OperationKind.WRITE), 1, new Fault(() -> new NoSpaceException("full"), 256));
        Answer write = image.write(5 * MIB, stamp(2));
        image.settle();
        assertThat(write.failure()).isInstanceOf(NoSpaceException.class);
        assertThat(image.health().hasFailed()).isFalse();
        assertThat(image.blockMap().entry(5)).isZero();
        assertThat(image.read(5 * MIB, 512)).isEqualTo(stamp(0));

        Answer again = image.write(5 * MIB, stamp(3));
        Answer flush = image.flush();
        image.settle();
        assertThat(again.isSuccess()).isTrue();
        assertThat(flush.isSuccess()).isTrue();
        assertThat(image.read(5 * MIB, 512)).isEqualTo(stamp(3));
    }

    @Test
    @DisplayName("R2: a request whose connection is gone changes nothing")
    void abandonedRequest() throws IOException {
        Answer answer = new Answer().abandon();
        image.submit(new WriteRequest(5 * MIB, new ByteBuffer[] {stamp(2)}, false, answer), answer);
        image.storage().startRecording();
        image.settle();
        assertThat(answer.failure()).isInstanceOf(AbandonedException.class);
        assertThat(image.storage().recording()).isEmpty();
        assertThat(image.read(5 * MIB, 512)).isEqualTo(stamp(0));
    }

    @Test
    @DisplayName("a request that fails halfway is answered when its first half can be seen, not before")
    void answeredAfterItsFirstHalfIsPublished() throws IOException {
        image.write(MIB, stamp(7));
        image.settle();
        image.storage().faults().failNth(Set.of(OperationKind.WRITE), 1, Fault.of(() -> new NoSpaceException("full")));
        Answer zero = image.zero(0, MIB + 512);
        image.storage().setHooks((kind, offset, length) -> {}, (kind, offset, length) -> {
            if (kind == OperationKind.WRITE) {
                // The payload that fails, and the log entry: the unmapping of the first block is not published yet.
                assertThat(zero.isGiven()).isFalse();
            }
        });
        image.step();
        image.storage().clearHooks();
        assertThat(zero.failure()).isInstanceOf(NoSpaceException.class);
        assertThat(image.read(0, 512)).isEqualTo(stamp(0));
        assertThat(image.read(MIB, 512)).isEqualTo(stamp(7));
    }

    @Test
    @DisplayName("R4: a failed sync poisons at once, before the writer looks at the round")
    void failedSyncPoisonsAtOnce() {
        failNext(OperationKind.SYNC);
        image.flush();
        image.stepToRest();
        image.runRound();
        assertThatThrownBy(() -> image.overwrites().tryWrite(0, new ByteBuffer[] {stamp(2)}, 512))
                .isInstanceOf(ImageFailedException.class);
    }

    private void failNext(OperationKind kind) {
        image.storage().faults().failNth(Set.of(kind), 1, Fault.of(() -> new IOException("injected")));
    }

    /** Asserts that a request fails, and so does everything after it, without another sync. */
    private void assertPoisoned(Answer answer) {
        image.settle();
        image.storage().faults().clear();
        image.storage().startRecording();
        assertThat(answer.failure())
                .isInstanceOf(ImageFailedException.class)
                .hasMessageContaining("injected")
                .hasMessageContaining("opened again");
        Answer flush = image.flush();
        Answer write = image.write(9 * MIB, stamp(4));
        image.settle();
        assertThat(flush.failure()).isInstanceOf(ImageFailedException.class);
        assertThat(write.failure()).isInstanceOf(ImageFailedException.class);
        assertThatThrownBy(() -> image.overwrites().tryWrite(0, new ByteBuffer[] {stamp(2)}, 512))
                .isInstanceOf(ImageFailedException.class);
        assertThat(image.storage().recording().stream().filter(Sync.class::isInstance))
                .isEmpty();
    }

    private static ByteBuffer stamp(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }
}
