package io.vhdxd.server.net.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

/** A certificate with those of its issuers, and the private key to it. */
final class ServerIdentity {
    private final X509Certificate[] chain;
    private final PrivateKey key;

    private ServerIdentity(X509Certificate[] chain, PrivateKey key) {
        this.chain = chain;
        this.key = key;
    }

    /** Reads both, and checks that they belong together: if they did not, every handshake would fail. */
    static ServerIdentity read(Path certificateFile, Path keyFile) throws UnusableFileException {
        X509Certificate[] chain;
        try {
            chain = certificates(certificateFile);
        } catch (IOException | GeneralSecurityException e) {
            throw new UnusableFileException(certificateFile, e);
        }
        try {
            PrivateKey key = PrivateKeyFile.read(keyFile, chain[0].getPublicKey());
            if (!isPair(key, chain[0].getPublicKey())) {
                throw new KeyException("it is not the key to " + certificateFile.getFileName());
            }
            return new ServerIdentity(chain, key);
        } catch (IOException | GeneralSecurityException e) {
            throw new UnusableFileException(keyFile, e);
        }
    }

    /** All certificates of a PEM file, in their order; at least one. */
    static X509Certificate[] certificates(Path file) throws IOException, CertificateException {
        try (InputStream in = Files.newInputStream(file)) {
            X509Certificate[] found = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast)
                    .toArray(X509Certificate[]::new);
            if (found.length == 0) {
                throw new CertificateException("there is no certificate in PEM form in it");
            }
            return found;
        }
    }

    private static boolean isPair(PrivateKey key, PublicKey publicKey) throws GeneralSecurityException {
        String algorithm = switch (publicKey.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> publicKey.getAlgorithm();
        };
        byte[] message = {1, 2, 3};
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(message);
        byte[] signed = signature.sign();
        signature.initVerify(publicKey);
        signature.update(message);
        return signature.verify(signed);
    }

    X509Certificate[] chain() {
        return chain.clone();
    }

    PrivateKey key() {
        return key;
    }

    /** For the log. */
    @Override
    public String toString() {
        return chain[0].getSubjectX500Principal() + ", valid until "
                + chain[0].getNotAfter().toInstant() + ", with " + (chain.length - 1) + " certificates of issuers";
    }
}
