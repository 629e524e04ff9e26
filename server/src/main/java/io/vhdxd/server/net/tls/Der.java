package io.vhdxd.server.net.tls;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.InvalidKeyException;
import java.util.Arrays;

/** As much of DER as it takes to put a private key into PKCS #8. */
final class Der {
    private static final int INTEGER = 0x02;
    private static final int OCTET_STRING = 0x04;
    private static final int SEQUENCE = 0x30;
    private static final int LONG_FORM = 0x80;

    private Der() {}

    /**
     * The PKCS #8 form of a key that stands alone (RFC 5958, section 2).
     *
     * @param publicKeyInfo the public key to it in X.509's form, which begins with the same identifier of the algorithm
     * @param key the key in the form of its algorithm: that of PKCS #1, or of RFC 5915
     */
    static byte[] privateKeyInfo(byte[] publicKeyInfo, byte[] key) throws InvalidKeyException {
        byte[] algorithm = firstElement(publicKeyInfo);
        return element(SEQUENCE, element(INTEGER, new byte[1]), algorithm, element(OCTET_STRING, key));
    }

    /** The first element of a sequence, with its header. */
    private static byte[] firstElement(byte[] sequence) throws InvalidKeyException {
        int content = headerBytes(sequence, 0);
        int end = content + headerBytes(sequence, content) + length(sequence, content);
        if (end > sequence.length) {
            throw new InvalidKeyException("the public key is not in X.509's form");
        }
        return Arrays.copyOfRange(sequence, content, end);
    }

    private static int headerBytes(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return first < LONG_FORM ? 2 : 2 + first - LONG_FORM;
    }

    private static int length(byte[] der, int at) {
        int headerBytes = headerBytes(der, at);
        return headerBytes == 2
                ? der[at + 1]
                : new BigInteger(1, Arrays.copyOfRange(der, at + 2, at + headerBytes)).intValueExact();
    }

    private static byte[] element(int tag, byte[]... contents) {
        int length = Arrays.stream(contents).mapToInt(content -> content.length).sum();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        if (length < LONG_FORM) {
            out.write(length);
        } else {
            byte[] bytes = BigInteger.valueOf(length).toByteArray();
            int zeros = bytes[0] == 0 ? 1 : 0;
            out.write(LONG_FORM + bytes.length - zeros);
            out.write(bytes, zeros, bytes.length - zeros);
        }
        for (byte[] content : contents) {
            out.writeBytes(content);
        }
        return out.toByteArray();
    }
}
