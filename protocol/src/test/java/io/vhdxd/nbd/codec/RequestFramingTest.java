package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Request;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.WireBytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests come out as they went in, however they are cut, and however often the handler makes them wait. */
class RequestFramingTest {
    /** What a client has sent. */
    private record Expected(
            int command,
            int flags,
            long cookie,
            long offset,
            long length,
            @Nullable ByteBuffer payload) {}

    @ParameterizedTest
    @EnumSource
    @DisplayName("RQ-01, RQ-02, SEC-28: all fields, with their highest bits set, byte by byte")
    void byteByByte(TestConnection.Way way) {
        List<Expected> expected = List.of(
                new Expected(Command.READ, 0xffff, -1, Long.MIN_VALUE, 0xffffffffL, null),
                new Expected(
                        Command.WRITE, 0x8000, Long.MIN_VALUE, -512, 5, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5})),
                new Expected(0xffff, 0, 0, 0, 0x80000000L, null),
                new Expected(Command.WRITE, 0, 0, 0, 0, ByteBuffer.allocate(0)),
                new Expected(Command.FLUSH, 0, 7, 0, 0, null));
        try (TestConnection connection = TestConnection.transmitting(way)) {
            for (byte b : encode(expected)) {
                connection.send(new byte[] {b});
            }
            assertReceived(connection, expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("RQ-03, RQ-12: random requests in random segments, with random pauses")
    void random(TestConnection.Way way) {
        Random random = Seed.random("RequestFramingTest");
        for (int round = 0; round < 60; round++) {
            List<Expected> expected = randomRequests(random);
            try (TestConnection connection = TestConnection.transmitting(way)) {
                int refusals = random.nextInt(3);
                connection.handler.admission = request -> random.nextInt(4) >= refusals;
                feed(connection, Unpooled.wrappedBuffer(encode(expected)), random, way);
                assertReceived(connection, expected);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("EX-04: extended requests byte by byte; payloads where none belongs are skipped")
    void extendedByteByByte(TestConnection.Way way) {
        int payload = CommandFlags.PAYLOAD_LEN;
        WireBytes bytes = new WireBytes()
                .extendedRequest(Command.READ, 0, -1, Long.MIN_VALUE, Long.MIN_VALUE)
                .extendedRequest(Command.WRITE, payload, 1, -512, 5)
                .put(new byte[] {1, 2, 3, 4, 5})
                .extendedRequest(Command.WRITE, 0, 2, 0, 512)
                .extendedRequest(Command.TRIM, payload, 3, 0, 3)
                .put(new byte[3])
                .extendedRequest(99, payload, 4, 0, 100)
                .put(new byte[100])
                .extendedRequest(Command.BLOCK_STATUS, payload, 5, 512, 16)
                .u64(1L << 40)
                .u32(1)
                .u32(0xffffffffL)
                .extendedRequest(Command.BLOCK_STATUS, payload, 6, 512, 8)
                .u64(1L << 40)
                .extendedRequest(Command.BLOCK_STATUS, payload, 7, 512, 11)
                .put(new byte[11])
                .extendedRequest(Command.BLOCK_STATUS, payload, 8, 512, 8 + 4 * 65)
                .put(new byte[8 + 4 * 65])
                .extendedRequest(Command.FLUSH, 0, 9, 0, 0);
        try (TestConnection connection = TestConnection.transmitting(way, TransmissionMode.EXTENDED)) {
            for (byte b : bytes.toArray()) {
                connection.send(new byte[] {b});
            }
            assertThat(connection.handler.failures).isEmpty();
            assertThat(connection.handler.received)
                    .extracting(RecordingHandler.Received::payload)
                    .filteredOn(Objects::nonNull)
                    .containsExactly(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}));
            assertThat(connection.handler.received)
                    .extracting(received -> {
                        Request request = received.request();
                        return Command.nameOf(request.command()) + " " + request.flags() + " " + request.cookie() + " "
                                + request.offsetBytes() + "+" + request.lengthBytes() + " " + request.contextIds();
                    })
                    .containsExactly(
                            "READ 0 -1 " + Long.MIN_VALUE + "+" + Long.MIN_VALUE + " null",
                            "WRITE 32 1 -512+5 null",
                            "WRITE 0 2 0+512 null",
                            "TRIM 32 3 0+3 null",
                            "Command 99 32 4 0+100 null",
                            "BLOCK_STATUS 32 5 512+1099511627776 [1, -1]",
                            "BLOCK_STATUS 32 6 512+8 null",
                            "BLOCK_STATUS 32 7 512+11 null",
                            "BLOCK_STATUS 32 8 512+268 null",
                            "FLUSH 0 9 0+0 null");
            assertThat(connection.allocator.live())
                    .as("an idle connection has no buffers")
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {(32 << 20) + 1, 1L << 32, Long.MIN_VALUE, -1})
    @DisplayName("EX-04: a payload above the maximum ends the connection, whatever the command")
    void extendedPayloadTooLarge(long length) {
        for (int command : new int[] {Command.WRITE, Command.TRIM, Command.BLOCK_STATUS, 99}) {
            try (TestConnection connection =
                    TestConnection.transmitting(TestConnection.Way.SOCKET, TransmissionMode.EXTENDED)) {
                connection.send(new WireBytes().extendedRequest(command, CommandFlags.PAYLOAD_LEN, 1, 0, length));
                assertThat(connection.channel.isOpen()).isFalse();
                assertThat(connection.handler.failures).singleElement().isInstanceOf(ProtocolViolationException.class);
            }
        }
    }

    @Test
    @DisplayName("EX-01, RQ-01: a compact request where extended ones were agreed on ends the connection")
    void compactRequestInExtendedMode() {
        try (TestConnection connection =
                TestConnection.transmitting(TestConnection.Way.SOCKET, TransmissionMode.EXTENDED)) {
            connection.send(new WireBytes().request(Command.READ, 0, 1, 0, 512).u32(0));
            assertThat(connection.channel.isOpen()).isFalse();
        }
    }

    @Test
    @DisplayName("EX-04, RQ-11: a DISC ends the session at once, even if it declares a payload")
    void disconnectWithPayload() {
        try (TestConnection connection =
                TestConnection.transmitting(TestConnection.Way.SOCKET, TransmissionMode.EXTENDED)) {
            connection.send(new WireBytes().extendedRequest(Command.DISC, CommandFlags.PAYLOAD_LEN, 1, 0, -1));
            assertThat(connection.handler.events).contains("DISC").doesNotContain("failure");
        }
    }

    private static List<Expected> randomRequests(Random random) {
        List<Expected> requests = new ArrayList<>();
        int longest = 1 << random.nextInt(1, 22);
        for (int bytes = 0; bytes < 3 << 20 && requests.size() < 500; ) {
            int command = random.nextInt(10);
            if (command == Command.DISC) {
                continue;
            }
            byte[] payload = null;
            long length = random.nextInt() & 0xffffffffL;
            if (command == Command.WRITE) {
                payload = new byte[random.nextInt(longest)];
                random.nextBytes(payload);
                length = payload.length;
                bytes += payload.length;
            }
            requests.add(new Expected(
                    command,
                    random.nextInt(1 << 16),
                    random.nextLong(),
                    random.nextLong(),
                    length,
                    payload == null ? null : ByteBuffer.wrap(payload)));
        }
        return requests;
    }

    private static byte[] encode(List<Expected> requests) {
        WireBytes bytes = new WireBytes();
        for (Expected request : requests) {
            bytes.request(request.command, request.flags, request.cookie, request.offset, request.length);
            if (request.payload != null) {
                byte[] payload = new byte[request.payload.remaining()];
                request.payload.get(0, payload);
                bytes.put(payload);
            }
        }
        return bytes.toArray();
    }

    /** Sends in segments; whenever the decoder has stopped, lets it go on. */
    private static void feed(TestConnection connection, ByteBuf network, Random random, TestConnection.Way way) {
        // Every buffer is kept track of: millions of bytes in segments of a few would not fit into memory.
        int longestSegment = Math.max(1 << random.nextInt(5, 20), network.readableBytes() >> 13);
        while (network.isReadable()) {
            ByteBuf segment = network.readSlice(Math.min(network.readableBytes(), 1 + random.nextInt(longestSegment)));
            if (way == TestConnection.Way.FOREIGN) {
                connection.channel.writeInbound(connection
                        .allocator
                        .directBuffer(segment.readableBytes())
                        .writeBytes(segment));
            }
            // Foreign buffers come even while nothing is read; a socket waits.
            while (way == TestConnection.Way.SOCKET && segment.isReadable()) {
                connection.receive(segment);
                resume(connection);
            }
            if (random.nextInt(3) == 0) {
                resume(connection);
            }
        }
        while (!connection.channel.config().isAutoRead()) {
            resume(connection);
        }
    }

    private static void resume(TestConnection connection) {
        RequestDecoder decoder = connection.handler.decoder;
        if (decoder != null) {
            decoder.resume();
        }
    }

    private static void assertReceived(TestConnection connection, List<Expected> expected) {
        assertThat(connection.handler.failures).isEmpty();
        assertThat(connection.handler.received)
                .extracting(received -> new Expected(
                        received.request().command(),
                        received.request().flags(),
                        received.request().cookie(),
                        received.request().offsetBytes(),
                        received.request().lengthBytes(),
                        received.payload()))
                .isEqualTo(expected);
        assertThat(connection.allocator.live())
                .as("an idle connection has no buffers")
                .isEmpty();
    }
}
