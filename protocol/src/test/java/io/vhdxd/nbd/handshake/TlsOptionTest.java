package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertAck;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertClosed;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertError;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.TransmissionMode;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TlsOptionTest {
    private static HandshakeClient client(TlsMode mode) {
        return new HandshakeClient(TestExports.of("disk"), HandshakeFlags.FIXED_NEWSTYLE, mode);
    }

    private static void startTls(HandshakeClient client) {
        assertThat(client.send(OptionCode.STARTTLS)).isInstanceOf(Outcome.StartTls.class);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("TLS-03, EX-02: where TLS is required, every option before it gets TLS_REQD, or ends the connection")
    void required(OptionCode option) {
        Outcome outcome = client(TlsMode.REQUIRE).send(option, new byte[0]);
        switch (option) {
            case STARTTLS -> assertThat(outcome).isInstanceOf(Outcome.StartTls.class);
            case ABORT -> assertThat(((Outcome.Close) outcome).replies()).hasSize(1);
            case EXPORT_NAME -> assertClosed(outcome);
            default -> assertError(outcome, OptionReplyType.TLS_REQD);
        }
    }

    @Test
    @DisplayName("TLS-03: the same with options that are unknown, and with exports that are")
    void requiredForUnknownOptions() {
        HandshakeClient client = client(TlsMode.REQUIRE);
        assertError(client.send(77, new byte[3]), OptionReplyType.TLS_REQD);
        assertError(client.go("no such"), OptionReplyType.TLS_REQD);
        startTls(client);
        assertError(client.send(77, new byte[3]), OptionReplyType.UNSUP);
        assertError(client.go("no such"), OptionReplyType.UNKNOWN);
        assertEntered(client.go("disk"));
    }

    @Test
    @DisplayName("TLS-04: where TLS is offered, nothing gets TLS_REQD")
    void offered() {
        HandshakeClient client = client(TlsMode.ON);
        assertError(client.go("no such"), OptionReplyType.UNKNOWN);
        assertEntered(client.go("disk"));
        startTls(client);
        assertEntered(client.go("disk"));
    }

    @ParameterizedTest
    @EnumSource(names = {"ON", "REQUIRE"})
    @DisplayName("TLS-05, HS-13: a second STARTTLS gets INVALID")
    void twice(TlsMode mode) {
        HandshakeClient client = client(mode);
        startTls(client);
        assertError(client.send(OptionCode.STARTTLS), OptionReplyType.INVALID);
        assertEntered(client.go("disk"));
    }

    @ParameterizedTest
    @EnumSource(names = {"ON", "REQUIRE"})
    @DisplayName("OP-08: STARTTLS with data gets INVALID, and can be repeated without")
    void withData(TlsMode mode) {
        HandshakeClient client = client(mode);
        assertError(client.send(OptionCode.STARTTLS, new byte[1]), OptionReplyType.INVALID);
        startTls(client);
    }

    @Test
    @DisplayName("TLS-07, SEC-01, EX-02, OP-20: what was negotiated in clear is forgotten")
    void forgets() {
        for (OptionCode headers : new OptionCode[] {OptionCode.STRUCTURED_REPLY, OptionCode.EXTENDED_HEADERS}) {
            HandshakeClient client = client(TlsMode.ON);
            assertAck(client.send(headers));
            client.setMetaContext("disk", "base:allocation");
            startTls(client);
            assertThat(assertEntered(client.go("disk")).mode()).isEqualTo(TransmissionMode.SIMPLE);
            assertThat(assertEntered(client.go("disk")).metaContexts()).isEmpty();
            assertAck(client.send(headers));
            assertThat(assertEntered(client.go("disk")).metaContexts())
                    .as("MC-10")
                    .isEmpty();
        }
    }

    @Test
    @DisplayName(
            "TLS-11, HS-06: a client without fixed newstyle cannot have TLS, so it is refused where TLS is required")
    void notFixedNewstyle() {
        TestExports exports = TestExports.of("disk");
        assertClosed(new Handshake(exports, TlsMode.REQUIRE).clientFlags(0));
        HandshakeClient client = new HandshakeClient(exports, 0, TlsMode.ON);
        assertClosed(client.send(OptionCode.STARTTLS));
        HandshakeClient other = new HandshakeClient(exports, 0, TlsMode.ON);
        assertEntered(other.send(OptionCode.EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8)));
    }
}
