package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.Operation.Punch;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** When the space of a trimmed block may be given to another one (design.md hard place 1, reliability.md rows 75 and 81). */
class SpaceReuseTest {
    private static final long MIB = 1 << 20;

    private final SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(64 * MIB, 1 << 20));
    private long placeMib;

    SpaceReuseTest() throws IOException {}

    @BeforeEach
    void writeAndFlush() {
        succeed(image.write(MIB, stamp(1)));
        succeed(image.flush());
        placeMib = BlockMap.fileOffsetMib(image.blockMap().entry(1));
    }

    @Test
    @DisplayName("not while the unmapping may be lost: a crash shows the old content where it was")
    void notBeforeTheUnmappingIsDurable() throws IOException {
        image.trim(MIB, MIB);
        image.step();
        image.advanceClock(Rounds.RECYCLE_DELAY_NANOS - 1);
        for (long block = 2; block < 40; block++) {
            image.write(block * MIB, stamp(block));
            image.step();
            assertThat(BlockMap.fileOffsetMib(image.blockMap().entry(block))).isNotEqualTo(placeMib);
        }
        SteppedImage after = SteppedImage.open(image.storage().crash(change -> Fate.LOST));
        assertThat(after.read(MIB, 512)).isEqualTo(stamp(1));
    }

    @Test
    @DisplayName("not while a read that found the block there is running")
    void notWhileAReadIsRunning() {
        int read = image.gate().enter();
        image.storage().startRecording();
        image.trim(MIB, MIB);
        succeed(image.flush());
        succeed(image.flush());
        image.advanceClock(2 * Rounds.RECYCLE_DELAY_NANOS);
        image.settle();
        assertThat(image.storage().recording()).noneMatch(Punch.class::isInstance);

        image.gate().exit(read);
        image.settle();
        image.advanceClock(2 * Rounds.RECYCLE_DELAY_NANOS);
        image.settle();
        assertThat(image.storage().recording()).anyMatch(this::punchesTheOldPlace);
    }

    @Test
    @DisplayName("after that, at once: the next block gets the space, and it reads as zeros")
    void reusedAndZero() throws IOException {
        image.trim(MIB, MIB);
        succeed(image.flush());
        succeed(image.flush());
        succeed(image.flush());
        succeed(image.write(9 * MIB, stamp(9)));
        assertThat(BlockMap.fileOffsetMib(image.blockMap().entry(9))).isEqualTo(placeMib);
        assertThat(image.read(9 * MIB + 512, 512)).isEqualTo(stamp(0));
        assertThat(image.read(MIB, 512)).isEqualTo(stamp(0));
    }

    @Test
    @DisplayName("space goes back to the file system without a flush, after a while")
    void givenBackWithoutFlush() {
        succeed(image.trim(MIB, MIB));
        image.storage().startRecording();
        image.advanceClock(Rounds.RECYCLE_DELAY_NANOS);
        image.settle();
        image.advanceClock(Rounds.RECYCLE_DELAY_NANOS);
        image.settle();
        assertThat(image.storage().recording()).anyMatch(this::punchesTheOldPlace);
    }

    @Test
    @DisplayName("a block that is written and trimmed in one batch leaves nothing behind")
    void writtenAndTrimmedInOneBatch() throws IOException {
        Answer write = image.write(20 * MIB, stamp(20));
        Answer trim = image.trim(20 * MIB, MIB);
        Answer again = image.write(20 * MIB + 512, stamp(21));
        image.step();
        assertThat(new Answer[] {write, trim, again}).allMatch(Answer::isSuccess);
        assertThat(image.read(20 * MIB, 512)).isEqualTo(stamp(0));
        assertThat(image.read(20 * MIB + 512, 512)).isEqualTo(stamp(21));
        succeed(image.flush());
        SteppedImage after = SteppedImage.open(image.storage().crash(change -> Fate.LOST));
        assertThat(after.read(20 * MIB, 512)).isEqualTo(stamp(0));
        assertThat(after.read(20 * MIB + 512, 512)).isEqualTo(stamp(21));
    }

    private boolean punchesTheOldPlace(Object operation) {
        return operation instanceof Punch punch
                && punch.offset() <= placeMib * MIB
                && punch.end() >= (placeMib + 1) * MIB;
    }

    private void succeed(Answer answer) {
        image.settle();
        assertThat(answer.isSuccess()).isTrue();
    }

    private static ByteBuffer stamp(long stamp) {
        return DiskModel.content(0, 1, stamp);
    }
}
