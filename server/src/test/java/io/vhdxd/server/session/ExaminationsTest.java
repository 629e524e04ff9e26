package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.codec.ReplyFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("R2, SEC-38: a client that comes waits until it is known what becomes of the requests of the others")
class ExaminationsTest {
    private final MockTicker ticker = Ticker.newMockTicker();
    private final EmbeddedChannel channel =
            EmbeddedChannel.builder().ticker(ticker).build();
    private final Client client = new Client();
    private final ReplyStream replies = new ReplyStream(
            channel, new ReplyFormat(TransmissionMode.SIMPLE), (count, reservedBytes) -> client.flushed += count);
    private final Examinations examinations = new Examinations(channel, client, replies, client);

    /** How long ago the examination began that an answer ended; negative if it has not. */
    private long examinedMillis = -1;

    private long nowMillis;

    /** A client, and what is known of it. */
    private final class Client implements ClientProbe, Examinations.Subject {
        final List<String> events = new ArrayList<>();
        boolean quiet;
        boolean gone;
        boolean hidesEnd;
        boolean mayChange;
        boolean hasOperations;
        boolean vanishes = true;
        long heardMillis = -1;
        int flushed;

        @Override
        public boolean isQuiet(Channel asked) {
            return quiet;
        }

        @Override
        public boolean isGone(Channel asked) {
            return gone;
        }

        @Override
        public boolean mayHideEnd(Channel asked) {
            return hidesEnd;
        }

        @Override
        public boolean isHeard(Channel asked, long lastMillis) {
            return !vanishes || heardMillis > nowMillis - lastMillis;
        }

        @Override
        public void askOften(Channel asked, boolean often) {
            events.add(often ? "asked often" : "asked seldom");
        }

        @Override
        public long unacknowledgedBytes(Channel asked) {
            return 0;
        }

        @Override
        public boolean hasOperations() {
            return hasOperations;
        }

        @Override
        public boolean mayChange() {
            return mayChange;
        }

        @Override
        public void drop(String reason) {
            events.add("dropped");
            examinations.end();
        }
    }

    @AfterEach
    void releaseReplies() {
        channel.finishAndReleaseAll();
    }

    private void begin() {
        long begunMillis = nowMillis;
        examinations.begin(() -> examinedMillis = nowMillis - begunMillis);
    }

    private void pass(long millis) {
        for (long i = 0; i < millis && examinedMillis < 0; i++) {
            nowMillis++;
            ticker.advance(1, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
        }
    }

    @Test
    @DisplayName("Who has nothing under way and nothing unread is no danger")
    void quiet() {
        client.quiet = true;
        begin();
        assertThat(examinedMillis).isZero();
        assertThat(client.events).isEmpty();
    }

    @Test
    @DisplayName("Whose requests are under way has to show that it is there, after the other one came")
    void requestsUnderWay() {
        client.quiet = true;
        client.mayChange = true;
        client.hasOperations = true;
        begin();
        pass(1000);
        assertThat(examinedMillis).isNegative();
        assertThat(client.events).containsExactly("asked often");
        client.heardMillis = nowMillis;
        pass(10);
        assertThat(examinedMillis).isBetween(1000L, 1010L);
        assertThat(client.events).containsExactly("asked often", "asked seldom");
    }

    @Test
    @DisplayName("So has one who sent something that was not read, be it a byte")
    void unread() {
        client.heardMillis = nowMillis;
        begin();
        pass(50);
        assertThat(examinedMillis).isNegative();
        client.heardMillis = nowMillis;
        pass(10);
        assertThat(examinedMillis).isPositive();
    }

    @Test
    @DisplayName("Whose machine is gone is dropped after ten seconds, although its requests are still under way")
    void machineGone() {
        client.mayChange = true;
        client.hasOperations = true;
        begin();
        pass(9_900);
        assertThat(client.events).containsExactly("asked often");
        pass(200);
        assertThat(examinedMillis).isBetween(9_900L, 10_100L);
        assertThat(client.events).containsExactly("asked often", "dropped", "asked seldom");
    }

    @Test
    @DisplayName("Whose end may be hidden has to take a reply: its system acknowledges for a process that is gone, too")
    void endHidden() {
        client.hidesEnd = true;
        client.hasOperations = true;
        begin();
        client.heardMillis = Long.MAX_VALUE;
        pass(60_000);
        assertThat(examinedMillis).as("while its request takes its time").isNegative();
        replies.room(16).writeZero(16);
        replies.endReply(0);
        replies.flush();
        pass(10);
        assertThat(examinedMillis).isBetween(60_000L, 60_010L);
        assertThat(client.events).containsExactly("asked often", "asked seldom");
    }

    @Test
    @DisplayName("Whose end shows is dropped at once, also while it is examined")
    void gone() {
        client.gone = true;
        begin();
        assertThat(examinedMillis).isZero();
        assertThat(client.events).containsExactly("dropped");
        client.gone = false;
        examinedMillis = -1;
        begin();
        client.gone = true;
        pass(10);
        assertThat(examinedMillis).isPositive();
        assertThat(client.events).containsExactly("dropped", "asked often", "dropped", "asked seldom");
    }

    @Test
    @DisplayName("Who cannot vanish without a trace is there as long as nothing else shows")
    void cannotVanish() {
        client.vanishes = false;
        client.mayChange = true;
        begin();
        assertThat(examinedMillis).isZero();
        assertThat(client.events).isEmpty();
    }
}
