package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Payload;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.WireBytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("SEC-24, R7: the buffers for requests have a limit, beyond which they are small")
class ReceiveMemoryTest {
    private static final int LARGE_COUNT = 2;
    private static final int PAYLOAD_BYTES = 3000;

    private final ReceiveMemory memory = new ReceiveMemory(LARGE_COUNT * SharedBuffer.LARGE_BYTES);

    @Test
    @DisplayName("Clients that send a small WRITE in part hold little, and are served when they send the rest")
    void smallWritesInPart() {
        List<TestConnection> connections = new ArrayList<>();
        byte[] write = new WireBytes().write(1, 0, random(PAYLOAD_BYTES)).toArray();
        for (int i = 0; i < 50; i++) {
            TestConnection connection = connect();
            connection.send(Arrays.copyOf(write, write.length - 1));
            connections.add(connection);
        }
        assertThat(liveBytes(connections))
                .isEqualTo(LARGE_COUNT * SharedBuffer.LARGE_BYTES + (50 - LARGE_COUNT) * SharedBuffer.SMALL_BYTES);
        for (TestConnection connection : connections) {
            connection.send(Arrays.copyOfRange(write, write.length - 1, write.length));
            assertThat(connection.handler.received.getFirst().payload())
                    .isEqualTo(ByteBuffer.wrap(random(PAYLOAD_BYTES)));
            connection.close();
        }
        assertThat(memory.takenBytes()).isZero();
    }

    @Test
    @DisplayName("A small payload that is being written keeps its buffer, among much that is done")
    void keptPayloads() {
        TestConnection connection = connect();
        connection.handler.keepsPayloads = true;
        WireBytes chunk = new WireBytes().write(1, 0, random(512));
        for (int i = 0; i < 5000; i++) {
            chunk.request(Command.CACHE, 0, 2, 0, 512);
        }
        int count = 40;
        for (int i = 0; i < count; i++) {
            connection.send(chunk);
        }
        assertThat(connection.allocator.liveBytes())
                .isLessThanOrEqualTo((long) LARGE_COUNT * SharedBuffer.LARGE_BYTES
                        + (long) count * SharedBuffer.SMALL_BYTES
                        + SharedBuffer.LARGE_BYTES);
        releasePayloads(connection);
        connection.close();
        assertThat(memory.takenBytes()).isZero();
    }

    private static void releasePayloads(TestConnection connection) {
        for (RecordingHandler.Received received : connection.handler.received) {
            Payload payload = received.request().payload();
            if (payload != null) {
                payload.release();
            }
        }
    }

    @Test
    @DisplayName("Requests of every size come intact through small buffers, however they are cut")
    void smallBuffersOnly() {
        Random random = Seed.random("smallBuffersOnly");
        for (int round = 0; round < 50; round++) {
            RecordingHandler handler = new RecordingHandler();
            handler.receiveMemory = new ReceiveMemory(0);
            try (TestConnection connection =
                    TestConnection.transmitting(TestConnection.Way.SOCKET, TestExports.of("disk"), handler)) {
                List<byte[]> payloads = new ArrayList<>();
                WireBytes all = new WireBytes();
                for (int i = 0; i < 40; i++) {
                    byte[] payload = random(random.nextInt(random.nextBoolean() ? 600 : 20_000));
                    payloads.add(payload);
                    all.write(i, 0, payload);
                }
                byte[] bytes = all.toArray();
                for (int from = 0; from < bytes.length; ) {
                    int to = Math.min(bytes.length, from + 1 + random.nextInt(9000));
                    connection.send(Arrays.copyOfRange(bytes, from, to));
                    from = to;
                }
                assertThat(handler.received).hasSize(payloads.size());
                for (int i = 0; i < payloads.size(); i++) {
                    assertThat(Objects.requireNonNull(handler.received.get(i).payload()))
                            .isEqualTo(ByteBuffer.wrap(payloads.get(i)));
                }
                assertThat(connection.allocator.live()).isEmpty();
            }
        }
    }

    private TestConnection connect() {
        RecordingHandler handler = new RecordingHandler();
        handler.receiveMemory = memory;
        return TestConnection.transmitting(TestConnection.Way.SOCKET, TestExports.of("disk"), handler);
    }

    private static long liveBytes(List<TestConnection> connections) {
        return connections.stream()
                .mapToLong(connection -> connection.allocator.liveBytes())
                .sum();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
