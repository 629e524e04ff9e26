package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.WireBytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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
        int longestSegment = 1 << random.nextInt(5, 20);
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
