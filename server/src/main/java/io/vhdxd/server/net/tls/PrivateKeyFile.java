package io.vhdxd.server.net.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads private keys from PEM files: in PKCS #8, or in the older forms of RSA (PKCS #1) and of elliptic curves (RFC 5915). */
final class PrivateKeyFile {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ([A-Z ]*)PRIVATE KEY-----(.*?)-----END \\1PRIVATE KEY-----", Pattern.DOTALL);

    private PrivateKeyFile() {}

    /**
     * Reads the first key of a file.
     *
     * @param publicKey the public key to it
     * @throws GeneralSecurityException if there is no key in the file that can be used
     */
    static PrivateKey read(Path file, PublicKey publicKey) throws IOException, GeneralSecurityException {
        Matcher matcher = KEY.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        if (!matcher.find()) {
            throw new InvalidKeyException("there is no private key in PEM form in it");
        }
        String form = matcher.group(1);
        String body = matcher.group(2);
        if (form.startsWith("ENCRYPTED") || body.contains("ENCRYPTED")) {
            throw new InvalidKeyException("the key is protected by a password (expected: a key without one)");
        }
        byte[] key = decode(body);
        byte[] pkcs8 = switch (form) {
            case "" -> key;
            case "RSA ", "EC " -> Der.privateKeyInfo(publicKey.getEncoded(), key);
            default ->
                throw new InvalidKeyException("a key of the form '" + form.strip()
                        + "' cannot be used (expected: PKCS #8, or the older forms for RSA and EC)");
        };
        return KeyFactory.getInstance(publicKey.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    private static byte[] decode(String body) throws InvalidKeyException {
        try {
            return Base64.getMimeDecoder().decode(body);
        } catch (IllegalArgumentException e) {
            throw new InvalidKeyException("the key is not in base64", e);
        }
    }
}
