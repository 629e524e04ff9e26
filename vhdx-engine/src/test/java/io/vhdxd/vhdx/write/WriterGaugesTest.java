package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.measure.ImageObserver;
import io.vhdxd.vhdx.measure.RoundReason;
import io.vhdxd.vhdx.measure.WriterState;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What others see of a writer is what it does. */
class WriterGaugesTest {
    private static final long MIB = 1 << 20;

    private final SteppedImage image = SteppedImage.open(SimulatedImages.dynamic(1024 * MIB, 1 << 20));
    private final List<String> told = new ArrayList<>();

    WriterGaugesTest() throws IOException {
        image.observe(new ImageObserver() {
            @Override
            public void entryWritten(int requestCount, int pageCount) {
                told.add("entry " + requestCount + " " + pageCount);
            }

            @Override
            public void roundDone(RoundReason reason, int requestCount, long syncNanos) {
                assertThat(syncNanos).isNotNegative();
                told.add(reason + " " + requestCount);
            }
        });
    }

    @Test
    @DisplayName("a turn is counted, and work is there from the request on until its turn ends")
    void turns() {
        WriterState before = image.state();
        assertThat(before.hasWork()).isFalse();
        image.write(0, sector());
        assertThat(image.state().hasWork()).isTrue();
        assertThat(image.state().turnCount()).isEqualTo(before.turnCount());
        image.step();
        assertThat(image.state().hasWork()).isFalse();
        assertThat(image.state().turnCount()).isEqualTo(before.turnCount() + 1);
    }

    @Test
    @DisplayName("two first writes are one entry; two flushes behind them are one round; the gauges follow")
    void groups() throws IOException {
        assertThat(image.state().logCapacityBytes()).isEqualTo(MIB);
        image.write(0, sector());
        image.write(5 * MIB, sector());
        image.stepToRest();
        assertThat(told).containsExactly("entry 2 1");
        WriterState written = image.state();
        assertThat(written.presentBlockCount()).isEqualTo(2);
        assertThat(written.pagesNotInPlace()).isEqualTo(1);
        // The session's first entry is empty.
        assertThat(written.logUsedBytes()).isEqualTo(4096 + 2 * 4096);
        assertThat(written.fileSizeBytes()).isEqualTo(image.storage().size());

        image.flush();
        image.flush();
        image.stepToRest();
        assertThat(image.state().roundRunning()).isTrue();
        assertThat(image.state().waitingRequestCount()).isEqualTo(2);
        long roundsBefore = image.state().roundCount();
        image.settle();
        assertThat(told).containsExactly("entry 2 1", "FLUSH 2");
        assertThat(image.state().roundRunning()).isFalse();
        assertThat(image.state().waitingRequestCount()).isZero();
        assertThat(image.state().roundCount()).isEqualTo(roundsBefore + 1);
    }

    @Test
    @DisplayName("rounds that nobody waits for tell why they were run: trimmed space, and the close")
    void reasons() {
        image.write(0, sector());
        image.flush();
        image.settle();
        image.trim(0, MIB);
        image.settle();
        told.clear();
        image.advanceClockToRecycling();
        image.settle();
        assertThat(told).containsExactly("TRIM 0");
        assertThat(image.state().presentBlockCount()).isZero();
        told.clear();
        image.close();
        assertThat(told).isNotEmpty().allMatch("SETTLE 0"::equals);
        assertThat(image.state().pagesNotInPlace()).isZero();
    }

    @Test
    @DisplayName("of a failed image no round counts as running, and nobody waits")
    void failed() {
        image.write(0, sector());
        image.flush();
        image.stepToRest();
        image.crashed(new IllegalStateException("on purpose"));
        image.runRound();
        image.stepToRest();
        assertThat(image.state().roundRunning()).isFalse();
        assertThat(image.state().waitingRequestCount()).isZero();
        assertThat(image.state().hasWork()).isFalse();
    }

    private static ByteBuffer sector() {
        return DiskModel.content(0, 1, 3);
    }
}
