package io.vhdxd.server.net.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The way from clear text to TLS, and what somebody in the middle could try there. */
@NeedsTool("openssl")
class TlsNegotiationTest {
    private static final int ACK = 1;
    private static final byte[] NOTHING = {};

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path directory;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static Certificates certificates;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static TlsServer required;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static TlsServer offered;

    @BeforeAll
    static void start() throws IOException {
        certificates = Certificates.make(directory);
        required = TlsServer.of(TlsMode.REQUIRE, certificates);
        offered = TlsServer.of(TlsMode.ON, certificates);
    }

    @AfterAll
    static void stop() throws IOException {
        // Both count the same memory, so the first must be idle before it is counted.
        offered.server.server().close();
        required.close();
        offered.close();
    }

    private static byte[] option(OptionCode code) {
        return ByteBuffer.allocate(16)
                .putLong(Magic.OPTION)
                .putInt(code.wireValue())
                .putInt(0)
                .array();
    }

    /** Checks that there is one record of TLS, an alert. */
    private static void assertAlert(byte[] bytes) {
        assertThat(bytes).hasSize(7).startsWith(21, 3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    @DisplayName("TLS-08: TLS 1.2 and 1.3 work")
    void versions(String version) throws IOException {
        try (NbdClient client = NbdClient.connect(required.address)) {
            client.option(OptionCode.STARTTLS.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(ACK);
            client.beginTls(certificates.stranger(), version);
            assertThat(client.tls().getSession().getProtocol()).isEqualTo(version);
            client.go(TestServer.EXPORT);
            assertThat(client.read(0, 512)).hasSize(512);
        }
    }

    @Test
    @DisplayName("TLS-08, TLS-06, SEC-32: nothing older is accepted, and the connection is closed")
    void oldVersion() throws IOException {
        try (NbdClient client = NbdClient.connect(required.address)) {
            client.option(OptionCode.STARTTLS.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(ACK);
            // The hello of a client that knows TLS 1.1 and one cipher suite; the JDK's client would not send it.
            client.send(ByteBuffer.allocate(50)
                    .put(new byte[] {22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2})
                    .put(new byte[32])
                    .put(new byte[] {0, 0, 2, 0, 0x2f, 1, 0})
                    .array());
            assertAlert(client.untilEnd());
        }
    }

    @Test
    @DisplayName("TLS-03: where TLS is required, nothing else is answered before it, with a text that says so")
    void requiredFirst() throws IOException {
        try (NbdClient client = NbdClient.connect(required.address)) {
            client.option(OptionCode.LIST.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(OptionReplyType.TLS_REQD.wireValue());
            client.sendGo(TestServer.EXPORT);
            assertThat(client.optionReply()).isEqualTo(OptionReplyType.TLS_REQD.wireValue());
            client.option(77, new byte[3]);
            assertThat(client.optionReply()).isEqualTo(OptionReplyType.TLS_REQD.wireValue());
            client.startTls(certificates.stranger());
            client.go(TestServer.EXPORT);
        }
    }

    @Test
    @DisplayName("TLS-03, SEC-32: EXPORT_NAME before TLS ends the connection")
    void exportNameBeforeTls() throws IOException {
        try (NbdClient client = NbdClient.connect(required.address)) {
            client.option(OptionCode.EXPORT_NAME.wireValue(), TestServer.EXPORT.getBytes(StandardCharsets.UTF_8));
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    @DisplayName("TLS-05: STARTTLS inside TLS gets INVALID")
    void twice() throws IOException {
        try (NbdClient client = NbdClient.connect(offered.address)) {
            client.startTls(certificates.stranger());
            client.option(OptionCode.STARTTLS.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(OptionReplyType.INVALID.wireValue());
            client.go(TestServer.EXPORT);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"LIST", "ABORT", "STARTTLS"})
    @DisplayName("TLS-09, SEC-01: what came in one segment with STARTTLS is never answered; the connection ends")
    void injectedInOneSegment(OptionCode injected) throws IOException {
        try (NbdClient client = NbdClient.connect(offered.address)) {
            ByteArrayOutputStream both = new ByteArrayOutputStream();
            both.writeBytes(option(OptionCode.STARTTLS));
            both.writeBytes(option(injected));
            client.send(both.toByteArray());
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    @DisplayName("TLS-09, TLS-06, SEC-01: clear text behind the ACK is no TLS, and is never answered")
    void injectedBehindAck() throws IOException {
        try (NbdClient client = NbdClient.connect(offered.address)) {
            client.option(OptionCode.STARTTLS.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(ACK);
            client.send(option(OptionCode.LIST));
            assertThat(client.untilEnd()).isEmpty();
        }
        try (NbdClient client = NbdClient.connect(offered.address)) {
            client.option(OptionCode.STARTTLS.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(ACK);
            client.send(option(OptionCode.LIST));
            assertThatThrownBy(() -> client.beginTls(certificates.stranger())).isInstanceOf(IOException.class);
        }
    }

    @Test
    @DisplayName("TLS-07, SEC-01: what was negotiated in clear is forgotten: READ gets a simple reply")
    void forgets() throws IOException {
        try (NbdClient client = NbdClient.connect(offered.address)) {
            client.option(OptionCode.STRUCTURED_REPLY.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(ACK);
            client.selectContexts(TestServer.EXPORT, "base:allocation");
            client.startTls(certificates.stranger());
            client.go(TestServer.EXPORT);
            client.request(Command.READ, 0, 7, 0, 512);
            assertThat(client.simpleReply(512).error()).isZero();
            client.request(Command.BLOCK_STATUS, 0, 8, 0, 512);
            assertThat(client.outcome()).isEqualTo(NbdError.EINVAL.wireValue());
        }
    }

    @Test
    @DisplayName("TLS-04: where TLS is offered, the same export is there with and without it")
    void offered() throws IOException {
        try (NbdClient plain = NbdClient.simple(offered.address, TestServer.EXPORT);
                NbdClient encrypted = offered.client(certificates.stranger(), TransmissionMode.SIMPLE)) {
            plain.write(0, 1, 4096, new byte[] {5});
            assertThat(plain.outcome()).isZero();
            assertThat(encrypted.read(4096, 1)).containsExactly(5);
        }
    }

    @Test
    @DisplayName("TLS-01, TLS-02: a listener without TLS refuses it, while another one of the server requires it")
    void perListener() throws IOException {
        try (NbdClient client = NbdClient.connect(required.server.address())) {
            client.option(OptionCode.STARTTLS.wireValue(), NOTHING);
            assertThat(client.optionReply()).isEqualTo(OptionReplyType.POLICY.wireValue());
            client.go(TestServer.EXPORT);
        }
    }

    @Test
    @DisplayName("SEC-32: a client that believes in another authority is told who this is, and goes")
    void wrongAuthority() throws IOException {
        Certificates others = Certificates.make(directory.resolve("others"));
        try (NbdClient client = NbdClient.connect(required.address)) {
            assertThatThrownBy(() -> client.startTls(others.stranger())).isInstanceOf(SSLException.class);
            client.awaitEnd();
        }
    }
}
