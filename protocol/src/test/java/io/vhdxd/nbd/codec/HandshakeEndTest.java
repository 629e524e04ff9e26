package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.WireBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** All ways in which a handshake ends without a transmission phase. */
class HandshakeEndTest {
    private static final int FLAGS = HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES;

    @ParameterizedTest
    @EnumSource
    @DisplayName("HS-16, SEC-05: a client may leave at any byte; nothing is left behind, and it is told once")
    void leavesAnywhere(TestConnection.Way way) {
        byte[] client = new WireBytes()
                .u32(FLAGS)
                .option(OptionCode.LIST)
                .option(77, new byte[40])
                .option(OptionCode.SET_META_CONTEXT, WireBytes.metaContextData("disk", "base:allocation"))
                .option(OptionCode.INFO, WireBytes.infoData("disk", 1, 2, 3))
                .toArray();
        for (int length = 0; length <= client.length; length++) {
            TestConnection connection = new TestConnection(way);
            connection.send(Arrays.copyOf(client, length));
            connection.close();
            assertThat(connection.ends).containsExactly("The client closed the connection during the handshake.");
        }
    }

    @Test
    @DisplayName("HS-08: an option with the wrong magic number ends the connection")
    void wrongMagic() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.send(
                    new WireBytes().u32(FLAGS).u64(Magic.OPTION_REPLY).u32(3).u32(0));
            assertEnded(connection, "An option begins with the wrong magic number 0x3e889045565a9.");
        }
    }

    @Test
    @DisplayName("HS-05: an unknown client flag ends the connection")
    void unknownFlag() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.send(new WireBytes().u32(4));
            assertEnded(connection, "The client set handshake flags that were not offered: 0x4.");
        }
    }

    @Test
    @DisplayName("SEC-04: an option that declares 4 GiB ends the connection")
    void hugeOption() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.send(new WireBytes().u32(FLAGS).u64(Magic.OPTION).u32(-1).u32(-1));
            assertEnded(connection, "Option 4294967295 declares too much data: 4294967295 bytes.");
        }
    }

    @Test
    @DisplayName("SEC-06: what is no NBD client at all ends the connection")
    void otherProtocols() {
        byte[][] others = {
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
            {0x16, 3, 1, 2, 0, 1, 0, 1, (byte) 0xfc, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
            new WireBytes().u32(FLAGS).request(0, 0, 1, 0, 512).toArray()
        };
        for (byte[] other : others) {
            try (TestConnection connection = new TestConnection(TestConnection.Way.FOREIGN)) {
                connection.send(other);
                assertThat(connection.channel.isOpen()).isFalse();
                assertThat(connection.ends).hasSize(1);
            }
        }
    }

    @Test
    @DisplayName("SEC-06: random bytes never do any harm")
    void randomBytes() {
        Random random = Seed.random("HandshakeEndTest");
        for (int round = 0; round < 500; round++) {
            try (TestConnection connection = new TestConnection(TestConnection.Way.FOREIGN)) {
                byte[] noise = new byte[random.nextInt(2000)];
                random.nextBytes(noise);
                connection.send(new WireBytes().u32(FLAGS).put(random.nextBoolean() ? noise : mutated(random)));
                assertThat(connection.channel.isOpen() || connection.ends.size() == 1)
                        .isTrue();
            }
        }
    }

    /** Good options with a few wrong bytes. */
    private static byte[] mutated(Random random) {
        byte[] bytes = new WireBytes()
                .option(OptionCode.SET_META_CONTEXT, WireBytes.metaContextData("disk", "base:allocation"))
                .option(OptionCode.INFO, WireBytes.infoData("disk", 1, 2))
                .option(OptionCode.LIST)
                .toArray();
        for (int i = random.nextInt(4); i >= 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }

    @Test
    @DisplayName("OP-04: ABORT gets its ACK; the client may close, or the server does after a second")
    void abort() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.sent();
            connection.send(new WireBytes().u32(FLAGS).option(OptionCode.ABORT).option(OptionCode.LIST));
            assertThat(connection.sent())
                    .isEqualTo(new WireBytes()
                            .u64(Magic.OPTION_REPLY)
                            .u32(2)
                            .u32(1)
                            .u32(0)
                            .toArray());
            assertThat(connection.channel.isOpen()).isTrue();
            connection.send(new WireBytes().option(OptionCode.LIST));
            assertThat(connection.sent()).isEmpty();
            connection.passTime(1, TimeUnit.SECONDS);
            assertEnded(connection, "The client aborted the handshake.");
        }
    }

    @Test
    @DisplayName("HS-15, SEC-07: a client that does not choose within the deadline is disconnected")
    void deadline() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.send(new WireBytes().u32(FLAGS));
            connection.passTime(TestConnection.TIMEOUT_MILLIS - 1, TimeUnit.MILLISECONDS);
            connection.send(new WireBytes().option(OptionCode.LIST));
            assertThat(connection.channel.isOpen()).isTrue();
            connection.passTime(1, TimeUnit.MILLISECONDS);
            assertEnded(connection, "The client did not choose an export within 30000 ms.");
        }
    }

    @Test
    @DisplayName("HS-15: the deadline does not end a connection that has chosen")
    void deadlineAfterGo() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.passTime(1, TimeUnit.HOURS);
            assertThat(connection.channel.isOpen()).isTrue();
        }
    }

    @Test
    @DisplayName("HS-16: a client that closes its side in the handshake is disconnected, after it got its replies")
    void inputEnd() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.sent();
            connection.send(new WireBytes().u32(FLAGS).option(OptionCode.LIST));
            connection.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            assertThat(connection.sent()).isNotEmpty();
            assertEnded(connection, "The client closed the connection during the handshake.");
        }
    }

    @Test
    @DisplayName("HS-16: a broken connection is told with its cause")
    void broken() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            IOException cause = new IOException("Connection reset by peer");
            connection.channel.pipeline().fireExceptionCaught(cause);
            assertEnded(connection, "The handshake failed: java.io.IOException: Connection reset by peer.");
            assertThat(connection.endCauses).isEqualTo(List.of(cause));
        }
    }

    private static void assertEnded(TestConnection connection, String reason) {
        assertThat(connection.channel.isOpen()).isFalse();
        assertThat(connection.ends).containsExactly(reason);
    }
}
