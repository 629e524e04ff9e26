package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("SEC-24: a client that stalls in a payload while others wait for memory is dropped")
class PayloadWatchTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ByteBudget budget = new ByteBudget(100);

    private boolean payloadDue = true;
    private boolean dropped;
    private final PayloadWatch watch =
            new PayloadWatch(channel.eventLoop(), budget, () -> payloadDue, () -> dropped = true);

    @BeforeEach
    void freezeTime() {
        channel.freezeTime();
    }

    @Test
    @DisplayName("After half a minute without a byte")
    void stalled() {
        contend();
        watch.progressed();
        pass(30);
        assertThat(dropped).isFalse();
        pass(10);
        assertThat(dropped).isTrue();
    }

    @Test
    @DisplayName("Not as long as nobody waits")
    void nobodyWaits() {
        watch.progressed();
        pass(7200);
        assertThat(dropped).isFalse();
        contend();
        pass(10);
        assertThat(dropped).isTrue();
    }

    @Test
    @DisplayName("A client that sends a byte now and then has five minutes")
    void trickle() {
        contend();
        for (int i = 0; i < 29; i++) {
            watch.progressed();
            pass(10);
        }
        assertThat(dropped).isFalse();
        watch.progressed();
        pass(10);
        assertThat(dropped).isTrue();
    }

    @Test
    @DisplayName("Not once the payload is complete")
    void complete() {
        contend();
        watch.progressed();
        pass(20);
        payloadDue = false;
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
