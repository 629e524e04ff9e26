package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.WireBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** All ways in which a connection ends in its transmission phase. */
class ConnectionEndTest {
    @ParameterizedTest
    @EnumSource
    @DisplayName("DC-04, DC-05: a client may leave at any byte; no torn WRITE is delivered, and nothing is left behind")
    void leavesAnywhere(TestConnection.Way way) {
        byte[] client = new WireBytes()
                .write(1, 0, new byte[20])
                .request(Command.READ, 0, 2, 0, 512)
                .write(3, 0, new byte[600_000])
                .toArray();
        int[] lengths = {0, 1, 27, 28, 29, 47, 48, 75, 76, 77, 103, 104, 105, 5000, 200_000, 400_000, 600_103};
        for (int length : lengths) {
            TestConnection connection = TestConnection.transmitting(way);
            connection.send(Arrays.copyOf(client, length));
            connection.close();
            int complete = (length >= 48 ? 1 : 0) + (length >= 76 ? 1 : 0);
            assertThat(connection.handler.received).as("after %d bytes", length).hasSize(complete);
            assertThat(connection.handler.failures).isEmpty();
            assertThat(connection.handler.events.stream().filter("closed"::equals))
                    .hasSize(1);
            assertThat(connection.ends).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("RQ-11, CM-12: behind a DISC nothing is looked at")
    void disconnect(TestConnection.Way way) {
        try (TestConnection connection = TestConnection.transmitting(way)) {
            connection.send(new WireBytes()
                    .request(Command.DISC, 0xffff, 1, -1, 0xffffffffL)
                    .request(Command.READ, 0, 2, 0, 512)
                    .u32(0xbad));
            connection.send(new WireBytes().request(Command.READ, 0, 3, 0, 512));
            assertThat(connection.handler.received)
                    .extracting(received -> received.request().command())
                    .containsExactly(Command.DISC);
            assertThat(connection.channel.isOpen())
                    .as("closing is up to the server")
                    .isTrue();
            connection.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            assertThat(connection.handler.events).doesNotContain("input end");
        }
    }

    @Test
    @DisplayName("DC-03: the end of the input is told after the last request")
    void inputEnd() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.admission = request -> false;
            connection.send(new WireBytes().request(Command.FLUSH, 0, 1, 0, 0).put(new byte[10]));
            connection.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            assertThat(connection.handler.events).containsExactly("batch");

            connection.handler.admission = request -> true;
            Objects.requireNonNull(connection.handler.decoder).resume();
            assertThat(connection.handler.events).containsExactly("batch", "FLUSH", "batch", "input end");
            assertThat(connection.channel.isOpen()).isTrue();
        }
    }

    @Test
    @DisplayName("DC-03, DC-04: the end of the input inside a payload drops that WRITE")
    void inputEndInsidePayload() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.send(
                    new WireBytes().request(Command.WRITE, 0, 1, 0, 1 << 20).put(new byte[1000]));
            connection.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            assertThat(connection.handler.events).containsExactly("batch", "input end");
            assertThat(connection.allocator.live()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 0x12560953, 0x25609514, 0x67446698, 0x21e41c71, 0x13956025})
    @DisplayName("RQ-01: a wrong magic number ends the connection, and nothing behind it is looked at")
    void wrongMagic(int magic) {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.FOREIGN)) {
            connection.send(new WireBytes()
                    .request(Command.READ, 0, 1, 0, 512)
                    .u32(magic)
                    .put(new byte[24])
                    .request(Command.READ, 0, 2, 0, 512));
            assertThat(connection.handler.received).hasSize(1);
            assertThat(connection.handler.failures)
                    .singleElement()
                    .satisfies(failure -> assertThat(failure)
                            .isInstanceOf(ProtocolViolationException.class)
                            .hasMessageContaining(Integer.toHexString(magic)));
            assertThat(connection.channel.isOpen()).isFalse();
            assertThat(connection.handler.events).endsWith("failure", "closed");
        }
    }

    @Test
    @DisplayName("DC-04: a broken connection is told with its cause, and its partial WRITE is dropped")
    void broken() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.send(
                    new WireBytes().request(Command.WRITE, 0, 1, 0, 1 << 20).put(new byte[1000]));
            IOException cause = new IOException("Connection reset by peer");
            connection.channel.pipeline().fireExceptionCaught(cause);
            assertThat(connection.handler.failures).containsExactly(cause);
            assertThat(connection.handler.received).isEmpty();
            assertThat(connection.handler.events).containsExactly("batch", "failure", "closed");
        }
    }

    @Test
    @DisplayName("What goes wrong after a failure is not told")
    void failsTwice() {
        List<Channel> channels = new ArrayList<>();
        RecordingHandler handler = new RecordingHandler() {
            @Override
            public void onFailure(Throwable cause) {
                super.onFailure(cause);
                channels.getFirst().pipeline().fireExceptionCaught(new IOException("A write has failed."));
            }
        };
        try (TestConnection connection =
                TestConnection.transmitting(TestConnection.Way.SOCKET, TestExports.of("disk"), handler)) {
            channels.add(connection.channel);
            connection.send(new WireBytes().put(new byte[28]));
            assertThat(handler.failures).hasOnlyElementsOfType(ProtocolViolationException.class);
            assertThat(handler.events).containsExactly("failure", "closed");
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("A handler that throws is told, and its connection ends")
    void handlerThrows(TestConnection.Way way) {
        IllegalStateException failure = new IllegalStateException("A bug.");
        RecordingHandler throwing = new RecordingHandler() {
            @Override
            public void onRequest(Request request) {
                super.onRequest(request);
                throw failure;
            }
        };
        try (TestConnection connection = TestConnection.transmitting(way, TestExports.of("disk"), throwing)) {
            connection.send(new WireBytes().write(1, 0, new byte[100]).write(2, 0, new byte[100]));
            assertThat(connection.handler.received).hasSize(1);
            assertThat(connection.handler.failures).containsExactly(failure);
            assertThat(connection.channel.isOpen()).isFalse();
        }
    }

    @Test
    @DisplayName("A handler that throws while the decoder goes on after a pause is told as well")
    void handlerThrowsAfterPause() {
        IllegalStateException failure = new IllegalStateException("A bug.");
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.admission = request -> false;
            connection.send(new WireBytes().request(Command.READ, 0, 1, 0, 512));
            connection.handler.admission = request -> {
                throw failure;
            };
            Objects.requireNonNull(connection.handler.decoder).resume();
            assertThat(connection.handler.failures).containsExactly(failure);
            assertThat(connection.channel.isOpen()).isFalse();
        }
    }

    @Test
    @DisplayName("SEC-23: the handler is told whether the client takes its replies")
    void writability() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            var write = connection.channel.write(Unpooled.wrappedBuffer(new byte[1 << 20]));
            connection.channel.runPendingTasks();
            assertThat(connection.handler.events).containsExactly("not writable");
            connection.channel.flush();
            connection.channel.runPendingTasks();
            assertThat(connection.handler.events).containsExactly("not writable", "writable");
            assertThat(write.isSuccess()).isTrue();
        }
    }
}
