package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.WireBytes;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads above the export's maximum. */
class SkippedPayloadTest {
    private static final TestExports SMALL_MAXIMUM =
            new TestExports().add(new ExportInfo("disk", "", 64 << 20, TestExports.ALL_FLAGS, 1, 4096, 1 << 20));

    @ParameterizedTest
    @EnumSource
    @DisplayName("SZ-04, RQ-03: such a payload is received and thrown away, and the next request is understood")
    void skipped(TestConnection.Way way) {
        try (TestConnection connection = TestConnection.transmitting(way, SMALL_MAXIMUM, new RecordingHandler())) {
            connection.send(new WireBytes()
                    .write(1, 0, new byte[1 << 20])
                    .write(2, 0, new byte[(1 << 20) + 1])
                    .request(Command.READ, 0, 3, 0, 512)
                    .write(4, 0, new byte[3 << 20])
                    .write(5, 0, new byte[10]));
            assertThat(connection.handler.received)
                    .extracting(received -> received.request().cookie())
                    .containsExactly(1L, 2L, 3L, 4L, 5L);
            assertThat(connection.handler.received)
                    .extracting(received -> received.request().payload() == null)
                    .containsExactly(false, true, true, true, false);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Limits.MAXIMUM_PAYLOAD_BYTES + 1, Limits.SKIPPED_PAYLOAD_BYTES})
    @DisplayName("SZ-04, SEC-14: it takes no memory, however long it is")
    void takesNoMemory(int length) {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.send(new WireBytes().request(Command.WRITE, 0, 1, 0, length));
            ByteBuf chunk = Unpooled.wrappedBuffer(new byte[1 << 20]);
            for (int left = length; left > 0; left -= chunk.capacity()) {
                connection.receive(chunk.duplicate().writerIndex(Math.min(left, chunk.capacity())));
                assertThat(connection.allocator.liveBytes()).isLessThanOrEqualTo(SharedBuffer.LARGE_BYTES);
            }
            connection.send(new WireBytes().request(Command.FLUSH, 0, 2, 0, 0));
            assertThat(connection.handler.events.stream().filter(event -> !event.equals("batch")))
                    .containsExactly("WRITE", "FLUSH");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {Limits.SKIPPED_PAYLOAD_BYTES + 1L, 0x7fffffffL, 0x80000000L, 0xffffffffL})
    @DisplayName("SZ-04, SEC-14: a payload above 64 MiB ends the connection")
    void tooLarge(long length) {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            connection.send(new WireBytes().request(Command.WRITE, 0, 1, 0, length));
            assertThat(connection.channel.isOpen()).isFalse();
            assertThat(connection.handler.failures)
                    .singleElement()
                    .satisfies(failure -> assertThat(failure)
                            .isInstanceOf(ProtocolViolationException.class)
                            .hasMessage(
                                    "WRITE declares a payload of " + length + " bytes (expected: at most 33554432)."));
            assertThat(connection.handler.received).isEmpty();
        }
    }

    @Test
    @DisplayName("RQ-05, SZ-05: other commands have no payload, whatever their length says")
    void noPayload() {
        try (TestConnection connection = TestConnection.transmitting(TestConnection.Way.SOCKET)) {
            WireBytes bytes = new WireBytes();
            for (int command : new int[] {0, 3, 4, 5, 6, 7, 8, 99, 0xffff}) {
                bytes.request(command, 0xffff, command, 0, 0xffffffffL);
            }
            connection.send(bytes);
            assertThat(connection.handler.received)
                    .extracting(received -> received.request().command())
                    .containsExactly(0, 3, 4, 5, 6, 7, 8, 99, 0xffff);
        }
    }
}
