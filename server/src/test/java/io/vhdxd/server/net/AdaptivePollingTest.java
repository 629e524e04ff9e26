package io.vhdxd.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.SelectStrategy;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AdaptivePollingTest {
    private static final long SHORT = AdaptivePolling.SHORT_PAUSE_NANOS;

    private long nowNanos = 1;
    private int ready;
    private boolean underWay;
    private final AdaptivePolling polling = new AdaptivePolling(() -> nowNanos, () -> !underWay);

    private int ask(boolean hasTasks) throws Exception {
        return polling.calculateStrategy(() -> ready, hasTasks);
    }

    /** Sleeps for so long, and has something to do then. */
    private void sleep(long nanos) throws Exception {
        assertThat(ask(false)).isEqualTo(SelectStrategy.SELECT);
        nowNanos += nanos;
    }

    @Test
    @DisplayName("After a short pause it looks on, for as long as a short pause is, and sleeps then")
    void looksOn() throws Exception {
        sleep(SHORT - 1);
        assertThat(ask(false)).isZero();
        nowNanos += SHORT - 1;
        assertThat(ask(false)).isZero();
        nowNanos += 1;
        assertThat(ask(false)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    @DisplayName("After a long pause it sleeps at once, as at the beginning")
    void sleeps() throws Exception {
        sleep(SHORT);
        sleep(SHORT - 1);
        assertThat(ask(false)).isZero();
    }

    @Test
    @DisplayName("What it finds while it looks is another short pause")
    void finds() throws Exception {
        sleep(1);
        assertThat(ask(false)).isZero();
        ready = 3;
        assertThat(ask(false)).isEqualTo(3);
        ready = 0;
        assertThat(ask(false)).isZero();
    }

    @Test
    @DisplayName("While another thread carries out an operation it sleeps at once")
    void leavesTheProcessor() throws Exception {
        sleep(1);
        underWay = true;
        assertThat(ask(false)).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    @DisplayName("A task is no reason to wait, and looks at the sockets as well")
    void tasks() throws Exception {
        assertThat(ask(true)).isZero();
        ready = 2;
        assertThat(ask(true)).isEqualTo(2);
        ready = 0;
        sleep(SHORT);
        assertThat(ask(true)).isZero();
        assertThat(ask(false)).isEqualTo(SelectStrategy.SELECT);
    }
}
