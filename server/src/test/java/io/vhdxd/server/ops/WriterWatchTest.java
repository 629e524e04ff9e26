package io.vhdxd.server.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.measure.WriterState;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A writer that has work and does not move is found")
class WriterWatchTest {
    private static final long SECOND = 1_000_000_000;

    private long now = 5 * SECOND;
    private @Nullable WriterState state = state(1, false, 0, false);
    private final WriterWatch watch = new WriterWatch(() -> now);

    WriterWatchTest() {
        watch.add("disk", () -> state);
    }

    @Test
    @DisplayName("Idle for an hour is well; so is work for an hour, as long as it goes on")
    void well() {
        pass(3600);
        assertThat(watch.problems()).isEmpty();
        for (int turn = 2; turn < 3600; turn++) {
            state = state(turn, true, turn, true);
            pass(1);
            assertThat(watch.problems()).isEmpty();
        }
        assertThat(watch.stuckSeconds("disk")).isLessThanOrEqualTo(1);
    }

    @Test
    @DisplayName("The same turn with work for 10 seconds is not; the next turn makes it well again")
    void stuckTurn() {
        state = state(7, true, 0, false);
        pass(1);
        pass(9);
        assertThat(watch.problems()).isEmpty();
        pass(1);
        assertThat(watch.problems()).singleElement().asString().contains("disk", "does not move");
        assertThat(watch.stuckSeconds("disk")).isEqualTo(10);
        state = state(8, true, 0, false);
        pass(1);
        assertThat(watch.problems()).isEmpty();
        assertThat(watch.stuckSeconds("disk")).isZero();
    }

    @Test
    @DisplayName("A sync that does not end is found while the writer itself is idle")
    void stuckSync() {
        state = state(7, false, 3, true);
        pass(1);
        pass(10);
        assertThat(watch.problems()).singleElement().asString().contains("disk", "sync");
        state = state(9, false, 4, true);
        pass(1);
        assertThat(watch.problems()).isEmpty();
    }

    @Test
    @DisplayName("An image without a writer is always well")
    void readOnly() {
        state = null;
        pass(1);
        pass(100);
        assertThat(watch.problems()).isEmpty();
    }

    private void pass(long seconds) {
        now += seconds * SECOND;
        watch.look();
    }

    private static WriterState state(long turns, boolean hasWork, long rounds, boolean roundRunning) {
        return new WriterState(turns, hasWork, rounds, roundRunning, 0, 0, 0, 0, 0, 0);
    }
}
