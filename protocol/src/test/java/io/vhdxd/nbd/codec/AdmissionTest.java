package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.WireBytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** RQ-12, SEC-23, SEC-25: a handler that has enough to do is left alone, and nothing gets lost or overtakes. */
class AdmissionTest {
    @ParameterizedTest
    @EnumSource
    @DisplayName("RQ-12: after a no, nothing is delivered and nothing is read until the decoder is told to go on")
    void pauses(TestConnection.Way way) {
        try (TestConnection connection = TestConnection.transmitting(way)) {
            connection.handler.admission = request -> request.cookie() != 2;
            connection.send(new WireBytes()
                    .request(Command.READ, 0, 1, 0, 512)
                    .write(2, 0, new byte[] {1, 2, 3})
                    .request(Command.READ, 0, 3, 0, 512));
            assertThat(connection.handler.events).containsExactly("READ", "batch");
            assertThat(connection.channel.config().isAutoRead()).isFalse();

            resume(connection);
            assertThat(connection.handler.events).as("still no").containsExactly("READ", "batch", "batch");
            assertThat(connection.channel.config().isAutoRead()).isFalse();

            connection.handler.admission = request -> true;
            resume(connection);
            assertThat(connection.handler.events).containsExactly("READ", "batch", "batch", "WRITE", "READ", "batch");
            assertThat(connection.channel.config().isAutoRead()).isTrue();
            resume(connection);
            assertThat(connection.handler.events)
                    .as("going on twice does nothing")
                    .hasSize(6);
        }
    }

    @Test
    @DisplayName("SEC-24: a WRITE is admitted before its payload is received")
    void beforeThePayload() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            List<Request> asked = new ArrayList<>();
            connection.handler.admission = request -> {
                asked.add(request);
                return asked.size() > 1;
            };
            ByteBuf network = Unpooled.wrappedBuffer(
                    new WireBytes().write(1, 0, new byte[1 << 20]).toArray());
            connection.receive(network);
            assertThat(network.readableBytes()).isEqualTo((1 << 20) + 28 - SharedBuffer.LARGE_BYTES);
            assertThat(connection.allocator.liveBytes()).isEqualTo(SharedBuffer.LARGE_BYTES);

            resume(connection);
            connection.receive(network);
            assertThat(connection.handler.received).hasSize(1);
            assertThat(asked)
                    .allSatisfy(request -> assertThat(request)
                            .isSameAs(connection.handler.received.getFirst().request()));
        }
    }

    @Test
    @DisplayName("A socket may deliver more although nothing should be read, when the client has closed its side")
    void arrivesNevertheless() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.admission = request -> false;
            byte[] payload = new byte[300_000];
            payload[299_999] = 42;
            ByteBuf network = Unpooled.wrappedBuffer(new WireBytes()
                    .request(Command.READ, 0, 1, 0, 512)
                    .write(2, 0, payload)
                    .toArray());
            connection.receive(network);
            var handle = connection.channel.unsafe().recvBufAllocHandle();
            while (network.isReadable()) {
                ByteBuf buffer = handle.allocate(connection.allocator);
                buffer.writeBytes(network, Math.min(network.readableBytes(), buffer.writableBytes()));
                connection.channel.pipeline().fireChannelRead(buffer);
            }
            assertThat(connection.handler.received).isEmpty();

            connection.handler.admission = request -> true;
            resume(connection);
            assertThat(connection.handler.received).hasSize(2);
            assertThat(connection.handler.received.get(1).payload()).isEqualTo(ByteBuffer.wrap(payload));
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("A decoder that is stopped while it waits reads on, delivers nothing, and keeps nothing")
    void stopped(TestConnection.Way way) {
        try (TestConnection connection = TestConnection.transmitting(way)) {
            connection.handler.admission = request -> false;
            connection.send(new WireBytes().request(Command.READ, 0, 1, 0, 512));
            if (way == TestConnection.Way.FOREIGN) {
                connection.send(new byte[100]);
            }
            Objects.requireNonNull(connection.handler.decoder).stop();
            assertThat(connection.allocator.live()).isEmpty();
            assertThat(connection.channel.config().isAutoRead()).isTrue();
            connection.handler.admission = request -> true;
            resume(connection);
            connection.send(new WireBytes().request(Command.READ, 0, 1, 0, 512));
            connection.send(new byte[1 << 20]);
            assertThat(connection.handler.received).isEmpty();
            assertThat(connection.allocator.live()).isEmpty();
        }
    }

    @Test
    @DisplayName("A handler may stop the decoder from inside its methods")
    void stopsFromInside() {
        for (boolean answer : new boolean[] {true, false}) {
            try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
                connection.handler.admission = request -> {
                    Objects.requireNonNull(connection.handler.decoder).stop();
                    return answer;
                };
                connection.send(new WireBytes().write(1, 0, new byte[100]).request(Command.READ, 0, 2, 0, 512));
                connection.send(new WireBytes().put(new byte[100]).request(Command.READ, 0, 3, 0, 512));
                assertThat(connection.handler.received).isEmpty();
                assertThat(connection.handler.failures).isEmpty();
                assertThat(connection.channel.config().isAutoRead()).isTrue();
            }
        }
    }

    private static void resume(TestConnection connection) {
        Objects.requireNonNull(connection.handler.decoder).resume();
    }
}
