package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.Operation.Sync;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Promise R3 and its price: what a flush covers, and how many syncs it takes. */
class FlushGroupTest {
    private static final long MIB = 1 << 20;

    private final SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(1024 * MIB, 1 << 20));

    FlushGroupTest() throws IOException {}

    @Test
    @DisplayName("a flush after 64 new blocks takes one sync")
    void oneSyncPerFlushGroup() {
        begin();
        List<Answer> writes = new ArrayList<>();
        for (long i = 1; i <= 64; i++) {
            writes.add(image.write(i * 3 * MIB, stamp(i)));
        }
        image.settle();
        assertThat(writes).allMatch(Answer::isSuccess);

        image.storage().startRecording();
        Answer flush = image.flush();
        image.settle();

        assertThat(flush.isSuccess()).isTrue();
        assertThat(image.storage().recording().stream().filter(Sync.class::isInstance))
                .hasSize(1);
        SteppedImage after = reopen(image.storage().crash(change -> Fate.LOST));
        for (long i = 1; i <= 64; i++) {
            assertThat(content(after, i * 3 * MIB)).as("block %d", i * 3).isEqualTo(stamp(i));
        }
    }

    @Test
    @DisplayName("flushes that come while a sync is running share the next one")
    void flushesShareTheNextSync() {
        begin();
        Answer first = image.flush();
        image.stepToRest();
        Answer second = image.flush();
        Answer third = image.flush();
        image.stepToRest();
        assertThat(image.isRoundStarted()).isTrue();

        image.runRound();
        image.stepToRest();
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.isGiven()).isFalse();
        assertThat(third.isGiven()).isFalse();

        image.runRound();
        image.stepToRest();
        assertThat(second.isSuccess()).isTrue();
        assertThat(third.isSuccess()).isTrue();
        assertThat(image.isRoundStarted()).isFalse();
    }

    @Test
    @DisplayName("reliability.md row 77, nbd.md CM-07, OR-01: a flush covers an overwrite that never met the writer")
    void flushCoversOverwrites() throws IOException {
        begin();
        assertThat(image.overwrites().tryWrite(0, new ByteBuffer[] {stamp(5)}, 512))
                .isTrue();
        Answer flush = image.flush();
        image.settle();
        assertThat(flush.isSuccess()).isTrue();
        assertThat(content(reopen(image.storage().crash(change -> Fate.LOST)), 0))
                .isEqualTo(stamp(5));
    }

    @Test
    @DisplayName("nbd.md OR-03: a durable write is answered after its sync, not before")
    void durableWriteWaitsForItsSync() {
        begin();
        Answer write = image.writeDurably(7 * MIB, stamp(7));
        image.stepToRest();
        assertThat(write.isGiven()).isFalse();
        image.runRound();
        image.stepToRest();
        assertThat(write.isSuccess()).isTrue();
        assertThat(content(reopen(image.storage().crash(change -> Fate.LOST)), 7 * MIB))
                .isEqualTo(stamp(7));
    }

    @Test
    @DisplayName("R1: a write is answered when its log entry has been handed to the kernel")
    void answeredWriteSurvivesTheProcess() {
        begin();
        boolean[] logged = new boolean[1];
        image.storage().setHooks((kind, offset, length) -> {}, (kind, offset, length) -> {
            logged[0] |= kind == OperationKind.WRITE && offset >= MIB && offset < 2 * MIB;
        });
        Answer write = image.write(9 * MIB, stamp(9));
        image.step();
        assertThat(write.isSuccess()).isEqualTo(logged[0]).isTrue();
        assertThat(content(reopen(image.storage().copy()), 9 * MIB)).isEqualTo(stamp(9));
    }

    @Test
    @DisplayName("the first change takes five syncs, those that follow none")
    void sessionStart() {
        image.storage().startRecording();
        image.write(0, stamp(1));
        image.stepToRest();
        image.write(MIB, stamp(2));
        image.stepToRest();
        assertThat(image.storage().recording().stream().filter(Sync.class::isInstance))
                .hasSize(5);
    }

    @Test
    @DisplayName("an image that is opened, flushed and closed keeps every byte")
    void nothingChangedNothingWritten() {
        image.storage().startRecording();
        Answer flush = image.flush();
        image.settle();
        image.close();
        assertThat(flush.isSuccess()).isTrue();
        assertThat(image.storage().recording()).allMatch(Sync.class::isInstance);
    }

    /** Makes the first change, so that what follows is not the beginning of a session. */
    private void begin() {
        Answer write = image.write(0, stamp(1));
        image.settle();
        assertThat(write.isSuccess()).isTrue();
    }

    private static ByteBuffer stamp(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }

    private static ByteBuffer content(SteppedImage image, long offsetBytes) {
        try {
            return image.read(offsetBytes, 512);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static SteppedImage reopen(SimulatedStorage storage) {
        try {
            return SteppedImage.open(storage);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
