package io.vhdxd.server.net.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CRL;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.EnumSet;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManagerFactory;

/** Decides which clients are let in: those with a certificate that an authority has signed, and has not revoked. */
final class ClientTrust {
    private ClientTrust() {}

    /** @param revocations the authority's revoked certificates; the file need not exist */
    static TrustManagerFactory read(Path authority, Path revocations) throws UnusableFileException {
        X509Certificate[] trusted;
        try {
            trusted = ServerIdentity.certificates(authority);
        } catch (IOException | GeneralSecurityException e) {
            throw new UnusableFileException(authority, e);
        }
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < trusted.length; i++) {
                store.setCertificateEntry("authority " + i, trusted[i]);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            if (Files.exists(revocations)) {
                factory.init(new CertPathTrustManagerParameters(withRevocations(store, revocations)));
            } else {
                factory.init(store);
            }
            return factory;
        } catch (IOException | GeneralSecurityException e) {
            throw new UnusableFileException(revocations, e);
        }
    }

    private static PKIXBuilderParameters withRevocations(KeyStore trusted, Path file)
            throws IOException, GeneralSecurityException {
        Collection<? extends CRL> revoked;
        try (InputStream in = Files.newInputStream(file)) {
            revoked = CertificateFactory.getInstance("X.509").generateCRLs(in);
        }
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(trusted, new X509CertSelector());
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(revoked)));
        PKIXRevocationChecker checker =
                (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
        // Nobody is asked over the network, and a certificate whose list is missing or out of date is not let in.
        checker.setOptions(EnumSet.of(
                PKIXRevocationChecker.Option.PREFER_CRLS,
                PKIXRevocationChecker.Option.NO_FALLBACK,
                PKIXRevocationChecker.Option.ONLY_END_ENTITY));
        parameters.addCertPathChecker(checker);
        return parameters;
    }
}
