package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.RequestQueue;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.FaultPlan.Fault;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that is asked is answered, and nobody works without need. */
class LivenessTest {
    private static final long MIB = 1 << 20;
    private static final int BLOCKS_PER_PAGE = 512;

    @ParameterizedTest
    @ValueSource(ints = {1, 13, 14, 15, 40})
    @DisplayName("a write after a flush over so many pages of the BAT is answered, without another flush")
    void writeAfterWideFlush(int pages) throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64L << 30, 1 << 20));
        for (long page = 0; page < pages; page++) {
            image.write(page * BLOCKS_PER_PAGE * MIB, stamp(1));
        }
        image.settle();
        Answer flush = image.flush();
        image.settle();
        Answer write = image.write(50L * BLOCKS_PER_PAGE * MIB, stamp(2));
        image.settle();
        assertThat(flush.isSuccess()).isTrue();
        assertThat(write.isSuccess()).isTrue();
    }

    @Test
    @DisplayName("fault 23: a long run without any flush goes round the ring many times")
    void longRunWithoutFlush() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64L << 30, 1 << 20));
        for (long block = 0; block < 5000; block++) {
            Answer write = image.write(block * 13 * MIB, stamp(block + 1));
            image.stepToRest();
            while (!write.isGiven()) {
                image.runRound();
                image.stepToRest();
            }
            assertThat(write.isSuccess()).isTrue();
        }
        SteppedImage after = SteppedImage.open(image.storage().copy());
        for (long block = 0; block < 5000; block++) {
            assertThat(after.read(block * 13 * MIB, 512)).isEqualTo(stamp(block + 1));
        }
    }

    @Test
    @DisplayName("hard place 7: where the file cannot grow, writers get ENOSPC, and nothing is tried without need")
    void fileCannotGrow() throws IOException {
        SimulatedStorage storage = SimulatedImages.dynamic(64L << 30, 1 << 20);
        SteppedImage image = SteppedImage.open(storage);
        storage.faults()
                .failFromNth(Set.of(OperationKind.SET_SIZE), 1, Fault.of(() -> new NoSpaceException("no growth")));
        Answer write = image.write(0, stamp(1));
        image.settle();
        assertThat(write.failure()).isInstanceOf(NoSpaceException.class);
        assertThat(image.health().hasFailed()).isFalse();
        image.stepToRest();
        assertThat(image.isRoundStarted()).as("a round without a request").isFalse();

        storage.faults().clear();
        Answer again = image.write(0, stamp(2));
        image.settle();
        assertThat(again.isSuccess()).isTrue();
    }

    @Test
    @DisplayName("after the file could not grow once, writes go on to get space without a flush")
    void fileCannotGrowOnce() throws IOException {
        SimulatedStorage storage = SimulatedImages.dynamic(64L << 30, 1 << 20);
        SteppedImage image = SteppedImage.open(storage);
        image.write(0, stamp(1));
        image.settle();
        storage.faults().failNth(Set.of(OperationKind.SET_SIZE), 1, Fault.of(() -> new NoSpaceException("no growth")));
        int failures = 0;
        for (long block = 1; block < 300; block++) {
            Answer write = image.write(block * MIB, stamp(block));
            image.settle();
            assertThat(write.isGiven()).as("block %s", block).isTrue();
            failures += write.isSuccess() ? 0 : 1;
        }
        assertThat(failures).isLessThanOrEqualTo(1);
    }

    @Test
    @DisplayName("the stock that is left is handed out although the file cannot grow any more")
    void stockIsUsedUp() throws IOException {
        SimulatedStorage storage = SimulatedImages.dynamic(64L << 30, 1 << 20);
        SteppedImage image = SteppedImage.open(storage);
        image.write(0, stamp(1));
        image.settle();
        storage.faults()
                .failFromNth(Set.of(OperationKind.SET_SIZE), 1, Fault.of(() -> new NoSpaceException("no growth")));
        int successes = 0;
        for (long block = 1; block < 80; block++) {
            Answer write = image.write(block * MIB, stamp(block));
            image.settle();
            successes += write.isSuccess() ? 1 : 0;
        }
        assertThat(successes).isEqualTo((int) SpaceAllocator.STEP_MIN_MIB - 1);
    }

    @Test
    @DisplayName("writes that fail for want of space do not make the file grow without end")
    void failingWritesDoNotGrowTheFile() throws IOException {
        SimulatedStorage storage = SimulatedImages.dynamic(64L << 30, 1 << 20);
        SteppedImage image = SteppedImage.open(storage);
        image.write(0, stamp(1));
        image.settle();
        for (int i = 0; i < 2000; i++) {
            storage.faults().failNth(Set.of(OperationKind.WRITE), 1, new Fault(() -> new NoSpaceException("full"), 1));
            Answer write = image.write((i + 1) * MIB, stamp(2));
            image.settle();
            assertThat(write.failure()).isInstanceOf(NoSpaceException.class);
        }
        assertThat(storage.size()).isLessThan(1024 * MIB);
    }

    @Test
    @DisplayName("a failed image sleeps, whatever it still had to do")
    void failedImageSleeps() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64 * MIB, 1 << 20));
        image.write(0, stamp(1));
        image.settle();
        image.trim(0, MIB);
        image.settle();
        assertThat(image.sleepNanos()).isLessThan(Long.MAX_VALUE);
        image.health().fail(new IOException("injected"));
        image.stepToRest();
        assertThat(image.sleepNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    @DisplayName("trimmed space is given back in few rounds, however many blocks it was")
    void trimmedSpaceGoesBackInFewRounds() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(8L << 30, 1 << 20));
        for (long block = 0; block < 8192; block++) {
            image.write(block * MIB, stamp(1));
        }
        image.settle();
        image.trim(0, 8L << 30);
        int rounds = 0;
        image.stepToRest();
        image.advanceClock(Rounds.RECYCLE_DELAY_NANOS);
        image.stepToRest();
        while (image.isRoundStarted()) {
            image.runRound();
            rounds++;
            image.stepToRest();
            image.advanceClock(Rounds.RECYCLE_DELAY_NANOS);
            image.stepToRest();
        }
        assertThat(rounds).isLessThan(60);
        assertThat(image.storage().spaceBytes()).isLessThan(8 * MIB);
    }

    @Test
    @DisplayName("a close that is asked for in the middle of a turn still ends the queue before the writer")
    void closeInTheMiddleOfATurn() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64 * MIB, 1 << 20));
        Answer flush = new Answer() {
            @Override
            public void completed(@Nullable IOException failure) {
                super.completed(failure);
                image.requestClose();
            }
        };
        image.submit(new FlushRequest(flush), flush);
        image.settle();
        assertThat(flush.isSuccess()).isTrue();
        assertThat(image.isClosed()).isTrue();
        assertThat(image.put(new FlushRequest(new Answer()))).isEqualTo(RequestQueue.Put.CLOSED);
    }

    @Test
    @DisplayName("an abandoned request, and a trim of nothing, begin no session")
    void nothingToDoBeginsNoSession() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64 * MIB, 1 << 20));
        image.storage().startRecording();
        Answer trim = image.trim(0, 64 * MIB);
        Answer zero = image.zero(0, 64 * MIB);
        image.settle();
        assertThat(trim.isSuccess()).isTrue();
        assertThat(zero.isSuccess()).isTrue();
        assertThat(image.storage().recording()).isEmpty();
        assertThat(image.blockMap().entry(0)).isEqualTo(BlockMap.NOT_PRESENT);
    }

    @Test
    @DisplayName("SEC-27: a trim of a huge disk looks no further than it comes in a turn")
    void giantTrimLooksAtATurn() throws IOException {
        SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64L << 30, 1 << 20));
        image.write((64L << 30) - MIB, stamp(1));
        image.settle();
        image.close();
        SteppedImage again = SteppedImage.open(image.storage());
        again.storage().startRecording();
        Answer trim = again.trim(0, 64L << 30);
        again.step();
        // The session begins when the trim comes to the only block that it changes.
        assertThat(again.storage().recording()).isEmpty();
        Answer write = again.write(0, stamp(2));
        again.step();
        again.step();
        assertThat(write.isSuccess()).isTrue();
        assertThat(trim.isGiven()).isFalse();
        again.settle();
        assertThat(trim.isSuccess()).isTrue();
        assertThat(again.blockMap().entry((64L << 10) - 1)).isEqualTo(BlockMap.entryOf(PayloadBlockState.UNMAPPED, 0));
    }

    private static ByteBuffer stamp(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }
}
