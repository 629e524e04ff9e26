package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertClosed;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.nbd.TransmissionMode;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ExportNameOptionTest {
    private final HandshakeClient client = HandshakeClient.of("disk", "other");

    @Test
    @DisplayName("OP-01: the name is all there is, and the session tells what the client gets")
    void enters() {
        Outcome outcome = exportName("other");
        NegotiatedSession session = assertEntered(outcome);
        assertThat(session.export().name()).isEqualTo("other");
        assertThat(session.enteredBy()).isEqualTo(OptionCode.EXPORT_NAME);
        assertThat(session.transmissionFlags()).isEqualTo(TestExports.ALL_FLAGS);
        assertThat(((Outcome.EnterTransmission) outcome).replies()).isEmpty();
    }

    @Test
    @DisplayName("OP-02: no name stands for the default export")
    void defaultExport() {
        assertThat(assertEntered(exportName("")).export().name()).isEqualTo("disk");
        assertClosed(HandshakeClient.of().send(OptionCode.EXPORT_NAME));
    }

    @Test
    @DisplayName("OP-01, SEC-11: an unknown name ends the connection, and the reason names it in a safe form")
    void unknown() {
        Outcome outcome = exportName("no\nsuch");
        assertClosed(outcome);
        assertThat(((Outcome.Close) outcome).reason()).contains("\"no?such\"");
    }

    @Test
    @DisplayName("SEC-30: a name that is no UTF-8, or holds NUL, ends the connection")
    void malformed() {
        assertClosed(client.send(OptionCode.EXPORT_NAME, new byte[] {(byte) 0xc3, 0x28}));
        assertClosed(exportName("disk\0"));
    }

    @Test
    @DisplayName("OP-03, TF-06: after STRUCTURED_REPLY the flags include DF")
    void withStructuredReplies() {
        client.agreeOnStructuredReplies();
        NegotiatedSession session = assertEntered(exportName("disk"));
        assertThat(session.mode()).isEqualTo(TransmissionMode.STRUCTURED);
        assertThat(session.transmissionFlags()).isEqualTo(TestExports.ALL_FLAGS | TransmissionFlags.SEND_DF);
    }

    @Test
    @DisplayName("MC-10: the selected contexts apply to EXPORT_NAME as well")
    void withMetaContext() {
        client.agreeOnStructuredReplies();
        client.setMetaContext("disk", "base:allocation");
        assertThat(assertEntered(exportName("disk")).metaContexts()).containsExactly(MetaContext.BASE_ALLOCATION);
    }

    @Test
    @DisplayName("A server that refuses afterwards can only end the connection")
    void refusedByTheServer() {
        Handshake handshake = new Handshake(TestExports.of("disk"), TlsMode.OFF);
        assertThat(handshake.clientFlags(3)).isInstanceOf(Outcome.Haggle.class);
        NegotiatedSession session = assertEntered(handshake.option(OptionCode.EXPORT_NAME.wireValue(), new byte[0]));
        assertClosed(handshake.refuse(session, new OptionRefusedException(OptionReplyType.POLICY, "In use.")));
    }

    private Outcome exportName(String name) {
        return client.send(OptionCode.EXPORT_NAME, name.getBytes(StandardCharsets.UTF_8));
    }
}
