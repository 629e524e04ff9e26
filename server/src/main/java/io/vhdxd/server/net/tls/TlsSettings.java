package io.vhdxd.server.net.tls;

import java.nio.file.Path;

/**
 * Where a server's certificates are, and whom it trusts. The files have the names that QEMU, libnbd and nbdkit expect.
 *
 * @param directory holds {@code server-cert.pem} and {@code server-key.pem}, and for {@code verifyClients} also {@code
 *     ca-cert.pem} and perhaps {@code ca-crl.pem}
 * @param verifyClients whether a client needs a certificate that {@code ca-cert.pem} has signed, and that {@code ca-crl.pem}
 *     does not revoke
 */
public record TlsSettings(Path directory, boolean verifyClients) {
    Path serverCertificate() {
        return directory.resolve("server-cert.pem");
    }

    Path serverKey() {
        return directory.resolve("server-key.pem");
    }

    Path clientAuthority() {
        return directory.resolve("ca-cert.pem");
    }

    Path revocations() {
        return directory.resolve("ca-crl.pem");
    }
}
