package io.vhdxd.server.net.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files that the server and its clients prove with who they are. */
@NeedsTool("openssl")
class CertificatesOnDiskTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Certificates certificates;

    @BeforeEach
    void make() throws IOException {
        certificates = Certificates.make(directory.resolve("own"));
    }

    private static BigInteger serialSeenBy(SSLContext client, TlsServer tls) throws IOException {
        try (NbdClient connection = tls.client(client, TransmissionMode.SIMPLE)) {
            X509Certificate seen =
                    (X509Certificate) connection.tls().getSession().getPeerCertificates()[0];
            return seen.getSerialNumber();
        }
    }

    private static void assertRefused(SSLContext client, TlsServer tls) {
        // With TLS 1.3 the client learns of it when it reads.
        assertThatThrownBy(() -> tls.client(client, TransmissionMode.SIMPLE)).isInstanceOf(IOException.class);
    }

    @Test
    @DisplayName("T13, SEC-32: exchanged files count for new connections; those that exist go on")
    void exchange() throws IOException {
        Certificates next = Certificates.make(directory.resolve("next"));
        try (TlsServer tls = TlsServer.of(TlsMode.REQUIRE, certificates);
                NbdClient old = tls.client(certificates.stranger(), TransmissionMode.SIMPLE)) {
            BigInteger first = serialSeenBy(certificates.stranger(), tls);
            certificates.take("server-cert.pem", next);
            // The key does not belong to it yet.
            assertThat(serialSeenBy(certificates.stranger(), tls)).isEqualTo(first);
            certificates.take("server-key.pem", next);
            assertThat(serialSeenBy(next.stranger(), tls)).isNotEqualTo(first);
            assertRefused(certificates.stranger(), tls);
            assertThat(old.read(0, 512)).hasSize(512);
        }
    }

    @Test
    @DisplayName("Files that vanish do no harm while the server runs")
    void vanished() throws IOException {
        try (TlsServer tls = TlsServer.of(TlsMode.REQUIRE, certificates)) {
            BigInteger first = serialSeenBy(certificates.stranger(), tls);
            Files.delete(certificates.file("server-cert.pem"));
            assertThat(serialSeenBy(certificates.stranger(), tls)).isEqualTo(first);
        }
    }

    @Test
    @DisplayName("SEC-32, SEC-20: with verification, only clients that the authority has signed come in")
    void verification() throws IOException {
        Certificates others = Certificates.make(directory.resolve("others"));
        try (TlsServer tls = TlsServer.verifying(certificates)) {
            try (NbdClient client = tls.client(certificates.client(), TransmissionMode.SIMPLE)) {
                assertThat(client.read(0, 512)).hasSize(512);
            }
            assertRefused(certificates.stranger(), tls);
            assertRefused(certificates.clientOf(others), tls);
            certificates.take("ca-cert.pem", others);
            assertRefused(certificates.client(), tls);
        }
    }

    @Test
    @DisplayName("SEC-32: a certificate that the authority has revoked is refused from the next connection on")
    void revocation() throws IOException {
        SSLContext client = certificates.client();
        try (TlsServer tls = TlsServer.verifying(certificates)) {
            tls.client(client, TransmissionMode.SIMPLE).close();
            Files.createFile(certificates.file("index.txt"));
            Files.writeString(certificates.file("crlnumber"), "01\n");
            Files.writeString(
                    certificates.file("ca.conf"), "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\n");
            String ca = "ca -config ca.conf -md sha256 -crldays 9 -keyfile ca-key.pem -cert ca-cert.pem ";
            certificates.openssl(ca + "-gencrl -out ca-crl.pem");
            tls.client(client, TransmissionMode.SIMPLE).close();
            certificates.openssl(ca + "-revoke client-cert.pem");
            certificates.openssl(ca + "-gencrl -out ca-crl.pem");
            assertRefused(client, tls);
        }
    }

    @Test
    @DisplayName("SEC-32: a certificate that has expired is refused")
    void expired() throws IOException {
        certificates.openssl("x509 -in client-cert.pem -x509toreq -signkey client-key.pem -out client.csr");
        certificates.openssl(
                "x509 -req -in client.csr -CA ca-cert.pem -CAkey ca-key.pem -days -1 -out client-cert.pem");
        try (TlsServer tls = TlsServer.verifying(certificates)) {
            assertRefused(certificates.client(), tls);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PKCS #8 EC, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out server-key.pem",
        "RFC 5915, ecparam -name prime256v1 -genkey -noout -out server-key.pem",
        "RFC 5915 with parameters, ecparam -name secp521r1 -genkey -out server-key.pem",
        "PKCS #8 RSA, genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out server-key.pem",
        "PKCS #1, genrsa -traditional -out server-key.pem 3072",
        "PKCS #8 Ed25519, genpkey -algorithm ED25519 -out server-key.pem",
    })
    @DisplayName("Keys of all kinds and forms")
    void keys(String form, String command) throws IOException {
        certificates.openssl(command);
        certificates.openssl("req -new -key server-key.pem -subj /CN=localhost -out server.csr");
        certificates.openssl("x509 -req -in server.csr -CA ca-cert.pem -CAkey ca-key.pem -days 9 -out server-cert.pem");
        try (TlsServer tls = TlsServer.of(TlsMode.REQUIRE, certificates);
                NbdClient client = tls.client(certificates.stranger(), TransmissionMode.SIMPLE)) {
            assertThat(client.read(0, 512)).as(form).hasSize(512);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "server-key.pem, '', no private key in PEM form",
        "server-key.pem, '-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----', server-key.pem",
        "server-key.pem, '-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----', a key of the form 'DSA'",
        "server-key.pem, '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA\n-----END ENCRYPTED PRIVATE KEY-----', password",
        "server-cert.pem, '', no certificate in PEM form",
        "server-cert.pem, nonsense, server-cert.pem",
        "ca-cert.pem, '', no certificate in PEM form",
        "ca-crl.pem, nonsense, ca-crl.pem",
    })
    @DisplayName("What cannot be used is told, with the file's name")
    void unusable(String file, String content, String message) throws IOException {
        Files.writeString(certificates.file(file), content);
        assertThatThrownBy(() -> TlsServer.verifying(certificates))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(certificates.file(file).toString())
                .hasMessageContaining(message);
    }

    @Test
    @DisplayName("What is missing is told, with the file's name")
    void missing() throws IOException {
        Files.delete(certificates.file("server-key.pem"));
        assertThatThrownBy(() -> TlsServer.of(TlsMode.ON, certificates))
                .hasMessage(certificates.file("server-key.pem") + ": no such file");
    }

    @Test
    @DisplayName("A key that belongs to another certificate is told")
    void notAPair() throws IOException {
        certificates.take("server-key.pem", Certificates.make(directory.resolve("others")));
        assertThatThrownBy(() -> TlsServer.of(TlsMode.ON, certificates))
                .hasMessageContaining("server-key.pem: it is not the key to server-cert.pem");
    }
}
