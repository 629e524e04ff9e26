package io.vhdxd.server.cli;

import io.vhdxd.nbd.codec.Encryption;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.net.tls.TlsCertificates;
import io.vhdxd.server.net.tls.TlsSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How connections are encrypted, as options of {@code serve}. Their names are those of nbdkit. */
final class TlsOptions {
    @Option(
            names = "--tls",
            paramLabel = "off|on|require",
            description = {
                "Whether clients cannot, may, or have to use TLS, where an address does not say it itself.",
                "Default: require with --tls-certificates, else off."
            },
            converter = ModeConverter.class)
    private @Nullable TlsMode mode;

    @Option(
            names = "--tls-certificates",
            paramLabel = "DIRECTORY",
            description = {
                "Holds server-cert.pem and server-key.pem, and ca-cert.pem and perhaps ca-crl.pem to verify clients.",
                "Files that are exchanged count for new connections."
            })
    private @Nullable Path directory;

    @Option(
            names = "--tls-verify-peer",
            description = "Let in only clients with a certificate that ca-cert.pem has signed.")
    private boolean verifyClients;

    /** The mode of addresses that do not say it themselves. */
    TlsMode mode() {
        if (mode != null) {
            return mode;
        }
        return directory == null ? TlsMode.OFF : TlsMode.REQUIRE;
    }

    /** Where the certificates are; null if nobody said it. */
    @Nullable Path directory() {
        return directory;
    }

    /** What is wrong with them; null if nothing is. */
    @Nullable String problem(List<ListenSpec> listeners) {
        boolean used = listeners.stream().anyMatch(listener -> listener.tls(this) != TlsMode.OFF);
        if (used && directory == null) {
            return "--tls needs --tls-certificates";
        }
        if (!used && directory != null) {
            return "--tls-certificates: TLS is off for all addresses";
        }
        return verifyClients && directory == null ? "--tls-verify-peer needs --tls-certificates" : null;
    }

    /** Lets picocli read modes. */
    static final class ModeConverter implements ITypeConverter<TlsMode> {
        @Override
        public TlsMode convert(String text) {
            for (TlsMode mode : TlsMode.values()) {
                if (mode.text().equals(text)) {
                    return mode;
                }
            }
            throw new TypeConversionException("'" + text + "' is no way to use TLS (expected: off, on or require)");
        }
    }

    /** How the connections to the listeners are encrypted. */
    interface Encryptions {
        Encryption of(TlsMode mode);
    }

    /** Reads the certificates, if there are any to be used. */
    Encryptions load() throws Failure {
        if (directory == null) {
            return _ -> Encryption.OFF;
        }
        try {
            return new TlsCertificates(new TlsSettings(directory, verifyClients))::encryption;
        } catch (IOException e) {
            throw Failure.ofCertificates(e);
        }
    }
}
