package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("SEC-23, SEC-24: a client that stalls on memory while others wait for it is dropped")
class StallWatchTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ByteBudget budget = new ByteBudget(100);

    private boolean waitsForClient = true;
    private long movedBytes;
    private boolean dropped;
    private final StallWatch watch =
            new StallWatch(channel.eventLoop(), budget, () -> waitsForClient, () -> movedBytes, () -> dropped = true);

    @BeforeEach
    void freezeTime() {
        channel.freezeTime();
    }

    @Test
    @DisplayName("After half a minute without a byte")
    void stalled() {
        contend();
        watch.watch();
        pass(29);
        assertThat(dropped).isFalse();
        pass(1);
        assertThat(dropped).isTrue();
    }

    @Test
    @DisplayName("Not as long as nobody waits")
    void nobodyWaits() {
        watch.watch();
        pass(7200);
        assertThat(dropped).isFalse();
        contend();
        pass(10);
        assertThat(dropped).isTrue();
    }

    @Test
    @DisplayName("A byte now and then is not enough")
    void trickle() {
        contend();
        watch.watch();
        for (int i = 0; i < 3; i++) {
            assertThat(dropped).isFalse();
            movedBytes += StallWatch.PROGRESS_BYTES_MIN - 1;
            pass(10);
        }
        assertThat(dropped).isTrue();
    }

    @Test
    @DisplayName("A client that moves on, though slowly, is left alone, however long it takes")
    void slow() {
        contend();
        watch.watch();
        for (int i = 0; i < 1000; i++) {
            movedBytes += StallWatch.PROGRESS_BYTES_MIN;
            pass(10);
        }
        assertThat(dropped).isFalse();
    }

    @Test
    @DisplayName("Not once it has done its part")
    void complete() {
        contend();
        watch.watch();
        pass(20);
        waitsForClient = false;
        pass(7200);
        assertThat(dropped).isFalse();
    }

    private void contend() {
        assertThat(budget.tryTake(100)).isTrue();
        budget.takeWhenThere(new ByteBudget.Waiter(1, () -> {}));
    }

    private void pass(long seconds) {
        for (long second = 0; second < seconds; second++) {
            channel.advanceTimeBy(1, TimeUnit.SECONDS);
            channel.runScheduledPendingTasks();
        }
    }
}
