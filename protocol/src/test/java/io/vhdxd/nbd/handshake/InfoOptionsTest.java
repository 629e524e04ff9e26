package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertError;
import static io.vhdxd.nbd.handshake.HandshakeClient.infos;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.InfoType;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.WireBytes;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InfoOptionsTest {
    private static final ExportInfo DISK =
            new ExportInfo("disk", "The disk.", 1L << 50, TestExports.ALL_FLAGS, 512, 65536, 1 << 20);

    private final HandshakeClient client =
            new HandshakeClient(new TestExports().add(DISK).add(TestExports.export("other", 5, 1)));

    @ParameterizedTest
    @EnumSource(names = {"INFO", "GO"})
    @DisplayName("OP-11, OP-16, OP-19: the size, the flags and the block sizes are always told")
    void always(OptionCode option) {
        Map<Integer, ByteBuffer> infos = infos(client.send(option, WireBytes.infoData("disk")));
        assertThat(infos).containsOnlyKeys(InfoType.EXPORT, InfoType.BLOCK_SIZE);
        assertThat(infos.get(InfoType.EXPORT))
                .isEqualTo(bytes(new WireBytes().u64(1L << 50).u16(TestExports.ALL_FLAGS)));
        assertThat(infos.get(InfoType.BLOCK_SIZE))
                .isEqualTo(bytes(new WireBytes().u32(512).u32(65536).u32(1 << 20)));
    }

    @Test
    @DisplayName("OP-17, OP-18: the name and the description are told to who asks")
    void onRequest() {
        Map<Integer, ByteBuffer> infos =
                infos(client.info("disk", InfoType.NAME, InfoType.DESCRIPTION, InfoType.BLOCK_SIZE));
        assertThat(infos.get(InfoType.NAME)).isEqualTo(text("disk"));
        assertThat(infos.get(InfoType.DESCRIPTION)).isEqualTo(text("The disk."));
        assertThat(infos(client.info("other", InfoType.DESCRIPTION)))
                .as("an export without a description")
                .doesNotContainKey(InfoType.DESCRIPTION);
    }

    @Test
    @DisplayName("OP-02, OP-17: who asks for the default export is told its name")
    void defaultExport() {
        assertThat(infos(client.info("")).get(InfoType.NAME)).isEqualTo(text("disk"));
        assertThat(assertEntered(client.go("")).export()).isEqualTo(DISK);
    }

    @Test
    @DisplayName("OP-02: without a default export the answer is UNKNOWN")
    void noDefaultExport() {
        assertError(HandshakeClient.of().go(""), OptionReplyType.UNKNOWN);
    }

    @Test
    @DisplayName("OP-10: unknown and repeated information requests are ignored")
    void strangeRequests() {
        assertThat(infos(client.info("disk", 77, 0xffff, InfoType.NAME, InfoType.NAME, InfoType.EXPORT)))
                .containsOnlyKeys(InfoType.EXPORT, InfoType.NAME, InfoType.BLOCK_SIZE);
    }

    @ParameterizedTest
    @EnumSource(names = {"INFO", "GO"})
    @DisplayName("OP-12: an unknown export gets UNKNOWN and nothing before it")
    void unknown(OptionCode option) {
        Outcome outcome = client.send(option, WireBytes.infoData("no such"));
        assertThat(assertError(outcome, OptionReplyType.UNKNOWN)).contains("\"no such\"");
    }

    @Test
    @DisplayName("OP-13, OP-22: after failures and INFO, the handshake goes on")
    void goesOn() {
        assertError(client.go("no such"), OptionReplyType.UNKNOWN);
        infos(client.info("other"));
        infos(client.info("disk"));
        NegotiatedSession session = assertEntered(client.go("other"));
        assertThat(session.export().name()).isEqualTo("other");
        assertThat(session.enteredBy()).isEqualTo(OptionCode.GO);
    }

    @Test
    @DisplayName("OP-14: GO right after INFO tells the same")
    void sameTwice() {
        client.agreeOnStructuredReplies();
        int[] types = {InfoType.BLOCK_SIZE, InfoType.NAME, InfoType.DESCRIPTION};
        assertThat(infos(client.info("disk", types))).isEqualTo(infos(client.go("disk", types)));
    }

    @Test
    @DisplayName("TF-06: DF is announced exactly if structured replies are negotiated")
    void dontFragment() {
        NegotiatedSession plain = assertEntered(client.go("disk"));
        assertThat(plain.mode()).isEqualTo(TransmissionMode.SIMPLE);
        assertThat(plain.announces(TransmissionFlags.SEND_DF)).isFalse();

        client.agreeOnStructuredReplies();
        Outcome outcome = client.go("disk");
        assertThat(assertEntered(outcome).announces(TransmissionFlags.SEND_DF)).isTrue();
        assertThat(infos(outcome).get(InfoType.EXPORT))
                .isEqualTo(bytes(new WireBytes().u64(1L << 50).u16(TestExports.ALL_FLAGS | TransmissionFlags.SEND_DF)));
    }

    @ParameterizedTest
    @EnumSource(names = {"INFO", "GO"})
    @DisplayName("OP-09: lengths that do not fit together get INVALID")
    void malformed(OptionCode option) {
        byte[][] malformed = {
            {},
            new byte[5],
            new WireBytes().string("disk").toArray(),
            new WireBytes().string("disk").u16(1).toArray(),
            new WireBytes().string("disk").u16(0).u16(3).toArray(),
            new WireBytes().string("disk").u16(0).put(new byte[1]).toArray(),
            new WireBytes().u32(5).text("disk").u16(0).toArray(),
            new WireBytes().u32(3).text("disk").u16(0).toArray(),
            new WireBytes().string("disk").u16(0xffff).toArray()
        };
        for (byte[] data : malformed) {
            assertError(client.send(option, data), OptionReplyType.INVALID);
        }
        assertEntered(client.go("disk"));
    }

    @Test
    @DisplayName("HS-12: a server that refuses after GO has its text sent, and the handshake goes on")
    void refusedByTheServer() {
        Handshake handshake = new Handshake(TestExports.of("disk"), TlsMode.OFF);
        assertThat(handshake.clientFlags(3)).isInstanceOf(Outcome.Haggle.class);
        Outcome go = handshake.option(OptionCode.GO.wireValue(), WireBytes.infoData("disk"));
        Outcome refused = handshake.refuse(
                assertEntered(go), new OptionRefusedException(OptionReplyType.POLICY, "Somebody else uses it."));
        assertThat(assertError(refused, OptionReplyType.POLICY)).isEqualTo("Somebody else uses it.");
        assertEntered(handshake.option(OptionCode.GO.wireValue(), WireBytes.infoData("disk")));
    }

    private static ByteBuffer text(String value) {
        return bytes(new WireBytes().text(value));
    }

    private static ByteBuffer bytes(WireBytes bytes) {
        return ByteBuffer.wrap(bytes.toArray());
    }
}
