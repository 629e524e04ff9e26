package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.Seed;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.nbd.WireBytes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The handshake does not depend on how its bytes are cut into pieces on their way. */
class HandshakeSegmentationTest {
    private static final byte[] DATA_4096 = new byte[4096];

    /** Three unknown options (HS-09), one that is too long to be kept (HS-10), and a good end, with two requests behind. */
    private static final byte[] CLIENT = new WireBytes()
            .u32(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES)
            .option(77, new byte[0])
            .option(12, new byte[1])
            .option(0xffffffff, DATA_4096)
            .option(OptionCode.LIST, new byte[70_000])
            .option(OptionCode.STRUCTURED_REPLY)
            .option(OptionCode.GO, WireBytes.infoData("disk"))
            .request(Command.READ, 0, 5, 4096, 512)
            .write(6, 512, DATA_4096)
            .toArray();

    private static final byte[] GREETING =
            new WireBytes().u64(Magic.GREETING).u64(Magic.OPTION).u16(3).toArray();

    @ParameterizedTest
    @EnumSource
    @DisplayName("HS-02, HS-04: the server speaks first, and not in the old way")
    void greeting(TestConnection.Way way) {
        try (TestConnection connection = new TestConnection(way)) {
            assertThat(connection.sent()).isEqualTo(GREETING);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("HS-09, HS-10, HS-11: options in one segment are answered in order, and early requests are not lost")
    void oneSegment(TestConnection.Way way) {
        try (TestConnection connection = new TestConnection(way)) {
            connection.send(CLIENT);
            assertCompleted(connection);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("The same, byte by byte")
    void byteByByte(TestConnection.Way way) {
        try (TestConnection connection = new TestConnection(way)) {
            for (byte b : CLIENT) {
                connection.send(new byte[] {b});
            }
            assertCompleted(connection);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("The same, in random segments")
    void randomSegments(TestConnection.Way way) {
        Random random = Seed.random("HandshakeSegmentationTest");
        for (int round = 0; round < 20; round++) {
            try (TestConnection connection = new TestConnection(way)) {
                int limit = 1 << random.nextInt(5, 17);
                for (int at = 0; at < CLIENT.length; ) {
                    int end = Math.min(CLIENT.length, at + 1 + random.nextInt(limit));
                    connection.send(Arrays.copyOfRange(CLIENT, at, end));
                    at = end;
                }
                assertCompleted(connection);
            }
        }
    }

    @Test
    @DisplayName("SEC-04: data that is thrown away takes no memory")
    void skippedDataTakesNoMemory() {
        try (TestConnection connection = new TestConnection(TestConnection.Way.SOCKET)) {
            connection.send(new WireBytes().u32(1).u64(Magic.OPTION).u32(77).u32(1 << 20));
            for (int i = 0; i < 127; i++) {
                connection.send(new byte[8192]);
                assertThat(connection.allocator.liveBytes()).isLessThan(16 << 10);
            }
            connection.sent();
            connection.send(new byte[8191]);
            assertThat(connection.sent()).isEmpty();
            connection.send(new byte[1]);
            assertThat(connection.sent()).isNotEmpty();
        }
    }

    private static void assertCompleted(TestConnection connection) {
        byte[] sent = connection.sent();
        WireBytes replies = new WireBytes().put(GREETING);
        int at = GREETING.length;
        for (long option : new long[] {77, 12, 0xffffffffL, 3}) {
            at = expectError(replies, sent, at, option, option == 3 ? OptionReplyType.INVALID : OptionReplyType.UNSUP);
        }
        expectReply(replies, OptionCode.STRUCTURED_REPLY, OptionReplyType.ACK, new byte[0]);
        int flags = TestExports.ALL_FLAGS | TransmissionFlags.SEND_DF;
        expectReply(
                replies,
                OptionCode.GO,
                OptionReplyType.INFO,
                new WireBytes().u16(0).u64(64 << 20).u16(flags).toArray());
        expectReply(
                replies,
                OptionCode.GO,
                OptionReplyType.INFO,
                new WireBytes().u16(3).u32(1).u32(4096).u32(32 << 20).toArray());
        expectReply(replies, OptionCode.GO, OptionReplyType.ACK, new byte[0]);
        assertThat(sent).isEqualTo(replies.toArray());

        assertThat(connection.handler.received).hasSize(2);
        assertThat(connection.handler.received.get(0).request().cookie()).isEqualTo(5);
        assertThat(connection.handler.received.get(1).payload()).isEqualTo(ByteBuffer.wrap(DATA_4096));
    }

    /** Adds an error as it should have come, with the text that has come. */
    private static int expectError(WireBytes replies, byte[] sent, int at, long option, OptionReplyType type) {
        int textBytes = ((sent[at + 18] & 0xff) << 8) | (sent[at + 19] & 0xff);
        byte[] text = Arrays.copyOfRange(sent, at + 20, at + 20 + textBytes);
        replies.u64(Magic.OPTION_REPLY)
                .u32(option)
                .u32(type.wireValue())
                .u32(textBytes)
                .put(text);
        return at + 20 + textBytes;
    }

    private static void expectReply(WireBytes replies, OptionCode option, OptionReplyType type, byte[] data) {
        replies.u64(Magic.OPTION_REPLY)
                .u32(option.wireValue())
                .u32(type.wireValue())
                .u32(data.length)
                .put(data);
    }
}
