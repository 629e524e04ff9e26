package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Payload;
import io.vhdxd.nbd.WireBytes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A payload stays where the socket has put it, and memory follows what was received. */
class DirectReceiveTest {
    private static final int HEADER_BYTES = RequestParser.COMPACT_HEADER_BYTES;

    @ParameterizedTest
    @ValueSource(ints = {1, 512, 4096, 65536, SharedBuffer.LARGE_BYTES - HEADER_BYTES})
    @DisplayName("A payload that fits behind its header is one slice of the buffer that the socket has read into")
    void oneSlice(int length) {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.keepsPayloads = true;
            connection.send(new WireBytes().write(1, 0, random(length)));
            Payload payload = payload(connection, 0);
            assertThat(payload.buffers()).hasSize(1);
            assertThat(connection.allocator.live()).hasSize(1);
            assertThat(address(payload.buffers()[0]))
                    .isEqualTo(address(connection.allocator.live().getFirst().nioBuffer(0, 1)) + HEADER_BYTES);
            payload.release();
        }
    }

    @Test
    @DisplayName("SEC-24: a larger payload is the slice that came with the header, and pieces the socket reads into")
    void pieces() {
        int length = 1 << 20;
        byte[] bytes = random(length);
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.keepsPayloads = true;
            connection.send(new WireBytes().write(1, 0, bytes));
            int inFirst = SharedBuffer.LARGE_BYTES - HEADER_BYTES;
            int inLast = length - inFirst - 3 * ReceivedPayload.PIECE_BYTES;
            Payload payload = payload(connection, 0);
            assertThat(payload.buffers())
                    .extracting(ByteBuffer::remaining)
                    .containsExactly(
                            inFirst,
                            ReceivedPayload.PIECE_BYTES,
                            ReceivedPayload.PIECE_BYTES,
                            ReceivedPayload.PIECE_BYTES,
                            inLast);
            List<ByteBuf> allocated = connection.allocator.live();
            assertThat(allocated).hasSize(5);
            for (int i = 1; i < 5; i++) {
                assertThat(address(payload.buffers()[i]))
                        .isEqualTo(address(allocated.get(i).nioBuffer(0, 1)));
                assertThat(allocated.get(i).capacity()).isEqualTo(payload.buffers()[i].remaining());
            }
            assertThat(connection.handler.received.getFirst().payload()).isEqualTo(ByteBuffer.wrap(bytes));
            payload.release();
        }
    }

    @Test
    @DisplayName("Small requests share one buffer; their payloads stay intact while more is received behind them")
    void sharedBuffer() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.keepsPayloads = true;
            int count = (SharedBuffer.LARGE_BYTES - SharedBuffer.LARGE_BYTES / RequestBuffer.SHORT_ROOM_DIVISOR)
                    / (HEADER_BYTES + 4096);
            byte[][] payloads = new byte[count][];
            for (int i = 0; i < count; i++) {
                payloads[i] = random(4096);
                connection.send(new WireBytes().write(i, 0, payloads[i]));
            }
            assertThat(connection.allocator.live()).hasSize(1);
            for (int i = 0; i < count; i++) {
                assertThat(payload(connection, i).buffers()).containsExactly(ByteBuffer.wrap(payloads[i]));
                payload(connection, i).release();
            }
        }
    }

    @Test
    @DisplayName("The rest of a payload joins its beginning in the same buffer, if there is room for it")
    void restInSameBuffer() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.keepsPayloads = true;
            byte[] second = random(20_000);
            byte[] bytes = new WireBytes()
                    .write(1, 0, random(100_000))
                    .write(2, 0, second)
                    .toArray();
            connection.send(Arrays.copyOf(bytes, bytes.length - 15_000));
            assertThat(SharedBuffer.LARGE_BYTES - (bytes.length - 15_000))
                    .isBetween(15_000, SharedBuffer.LARGE_BYTES / RequestBuffer.SHORT_ROOM_DIVISOR);
            connection.send(Arrays.copyOfRange(bytes, bytes.length - 15_000, bytes.length));
            assertThat(connection.allocator.live()).hasSize(1);
            assertThat(payload(connection, 1).buffers()).containsExactly(ByteBuffer.wrap(second));
            payload(connection, 0).release();
            payload(connection, 1).release();
        }
    }

    @Test
    @DisplayName("A buffer is used again when no payload holds it, and only then")
    void reuse() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.handler.keepsPayloads = true;
            byte[] first = random(100_000);
            connection.send(new WireBytes().write(1, 0, first));
            connection.send(new WireBytes().write(2, 0, random(100_000)));
            assertThat(connection.allocator.live()).hasSize(2);
            assertThat(payload(connection, 0).buffers()).containsExactly(ByteBuffer.wrap(first));
            payload(connection, 0).release();
            payload(connection, 1).release();
        }
    }

    @Test
    @DisplayName("SEC-24: a stalled WRITE of 32 MiB pins one buffer and one piece at most")
    void stalledWrite() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.send(new WireBytes().request(Command.WRITE, 0, 1, 0, Limits.MAXIMUM_PAYLOAD_BYTES));
            assertThat(connection.allocator.liveBytes()).isZero();
            connection.send(new byte[1]);
            assertThat(connection.allocator.liveBytes())
                    .isLessThanOrEqualTo(SharedBuffer.LARGE_BYTES + ReceivedPayload.PIECE_BYTES);
            connection.send(new byte[10 << 20]);
            assertThat(connection.allocator.liveBytes())
                    .isLessThanOrEqualTo((10 << 20) + SharedBuffer.LARGE_BYTES + ReceivedPayload.PIECE_BYTES);
            assertThat(connection.handler.received).isEmpty();
        }
    }

    @Test
    @DisplayName("SEC-07: a connection between two requests, or inside a header, has no buffer")
    void idle() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            assertThat(connection.allocator.live()).isEmpty();
            connection.send(new WireBytes().request(Command.READ, 0, 1, 0, 512).put(new byte[] {0x25, 0x60}));
            assertThat(connection.handler.received).hasSize(1);
            assertThat(connection.allocator.live()).isEmpty();
        }
    }

    private static Payload payload(TestConnection connection, int index) {
        return Objects.requireNonNull(
                connection.handler.received.get(index).request().payload());
    }

    private static long address(ByteBuffer buffer) {
        assertThat(buffer.isDirect()).isTrue();
        return MemorySegment.ofBuffer(buffer).address();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
