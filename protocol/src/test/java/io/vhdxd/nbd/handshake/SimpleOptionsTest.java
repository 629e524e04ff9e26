package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertAck;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertClosed;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertError;
import static io.vhdxd.nbd.handshake.HandshakeClient.replies;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.WireBytes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LIST, ABORT, STRUCTURED_REPLY, and every option while the server shuts down. */
class SimpleOptionsTest {
    @Test
    @DisplayName("OP-05, OP-06: LIST tells every name, with the description behind it")
    void list() {
        TestExports exports =
                TestExports.of("disk").add(new ExportInfo("ä", "A text.", 1, TestExports.ALL_FLAGS, 1, 4096, 1 << 20));
        List<OptionReply> replies = replies(new HandshakeClient(exports).send(OptionCode.LIST));
        assertThat(replies)
                .extracting(OptionReply::type)
                .containsExactly(OptionReplyType.SERVER, OptionReplyType.SERVER, OptionReplyType.ACK);
        assertThat(replies.get(0).data())
                .isEqualTo(new WireBytes().string("disk").toArray());
        assertThat(replies.get(1).data())
                .isEqualTo(new WireBytes().string("ä").text("A text.").toArray());
    }

    @Test
    @DisplayName("OP-06: without exports LIST is answered with ACK alone")
    void listNothing() {
        assertAck(HandshakeClient.of().send(OptionCode.LIST));
    }

    @Test
    @DisplayName("OP-05: LIST with data gets INVALID")
    void listWithData() {
        HandshakeClient client = HandshakeClient.of("disk");
        assertError(client.send(OptionCode.LIST, new byte[2]), OptionReplyType.INVALID);
        assertThat(replies(client.send(OptionCode.LIST))).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 70000})
    @DisplayName("OP-04: ABORT gets ACK, whatever data comes with it, and the connection ends")
    void abort(int length) {
        assertThat(HandshakeClient.of("disk").send(OptionCode.ABORT, new byte[length]))
                .isInstanceOfSatisfying(
                        Outcome.Close.class,
                        close -> assertThat(close.replies())
                                .extracting(OptionReply::type)
                                .containsExactly(OptionReplyType.ACK));
    }

    @Test
    @DisplayName("OP-20, HS-13: STRUCTURED_REPLY with data, or for the second time, gets INVALID")
    void structuredReply() {
        HandshakeClient client = HandshakeClient.of("disk");
        assertError(client.send(OptionCode.STRUCTURED_REPLY, new byte[1]), OptionReplyType.INVALID);
        assertThat(assertEntered(client.go("disk")).mode()).isEqualTo(TransmissionMode.SIMPLE);
        assertAck(client.send(OptionCode.STRUCTURED_REPLY));
        assertError(client.send(OptionCode.STRUCTURED_REPLY), OptionReplyType.INVALID);
        assertThat(assertEntered(client.go("disk")).mode()).isEqualTo(TransmissionMode.STRUCTURED);
    }

    @Test
    @DisplayName("EX-01: EXTENDED_HEADERS with data gets INVALID; it needs no structured replies before it")
    void extendedHeaders() {
        HandshakeClient client = HandshakeClient.of("disk");
        assertError(client.send(OptionCode.EXTENDED_HEADERS, new byte[1]), OptionReplyType.INVALID);
        assertAck(client.send(OptionCode.EXTENDED_HEADERS));
        assertError(client.send(OptionCode.EXTENDED_HEADERS), OptionReplyType.INVALID);
        assertThat(replies(client.setMetaContext("disk", "base:allocation"))).hasSize(2);
        NegotiatedSession session = assertEntered(client.go("disk"));
        assertThat(session.mode()).isEqualTo(TransmissionMode.EXTENDED);
        assertThat(session.announces(TransmissionFlags.SEND_DF | TransmissionFlags.BLOCK_STATUS_PAYLOAD))
                .isTrue();
    }

    @Test
    @DisplayName("TF-10: BLOCK_STATUS_PAYLOAD needs both extended headers and a context that was selected")
    void blockStatusPayload() {
        HandshakeClient client = HandshakeClient.of("disk", "other");
        client.agreeOnStructuredReplies();
        client.setMetaContext("disk", "base:allocation");
        assertThat(assertEntered(client.go("disk")).announces(TransmissionFlags.BLOCK_STATUS_PAYLOAD))
                .isFalse();
        assertAck(client.send(OptionCode.EXTENDED_HEADERS));
        assertThat(assertEntered(client.go("disk")).announces(TransmissionFlags.BLOCK_STATUS_PAYLOAD))
                .isTrue();
        assertThat(assertEntered(client.go("other")).announces(TransmissionFlags.BLOCK_STATUS_PAYLOAD))
                .isFalse();
    }

    @Test
    @DisplayName("EX-02, OP-21: STRUCTURED_REPLY after it gets EXT_HEADER_REQD")
    void structuredReplyAfterExtendedHeaders() {
        HandshakeClient client = HandshakeClient.of("disk");
        assertAck(client.send(OptionCode.EXTENDED_HEADERS));
        assertError(client.send(OptionCode.STRUCTURED_REPLY), OptionReplyType.EXT_HEADER_REQD);
        assertThat(assertEntered(client.go("disk")).mode()).isEqualTo(TransmissionMode.EXTENDED);
    }

    @Test
    @DisplayName("EX-02, OP-03: EXPORT_NAME after it ends the connection")
    void exportNameAfterExtendedHeaders() {
        HandshakeClient client = HandshakeClient.of("disk");
        assertAck(client.send(OptionCode.EXTENDED_HEADERS));
        assertClosed(client.send(OptionCode.EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8)));
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("HS-14: while the server shuts down, every option but ABORT gets SHUTDOWN")
    void shuttingDown(OptionCode option) {
        TestExports exports = TestExports.of("disk");
        HandshakeClient client = new HandshakeClient(exports);
        exports.shutDown();
        Outcome outcome = client.send(option, WireBytes.infoData("disk"));
        switch (option) {
            case EXPORT_NAME -> assertClosed(outcome);
            case ABORT -> assertThat(((Outcome.Close) outcome).replies()).hasSize(1);
            default -> assertError(outcome, OptionReplyType.SHUTDOWN);
        }
    }

    @Test
    @DisplayName("HS-14: the same with an option that is unknown")
    void shuttingDownUnknownOption() {
        TestExports exports = TestExports.of("disk");
        HandshakeClient client = new HandshakeClient(exports);
        exports.shutDown();
        assertError(client.send(77, new byte[3]), OptionReplyType.SHUTDOWN);
    }
}
