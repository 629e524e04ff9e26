package io.vhdxd.nbd;

import java.nio.charset.StandardCharsets;

/**
 * What a server offers under one name.
 *
 * @param name the canonical name, at most {@link Limits#STRING_BYTES} of UTF-8
 * @param description a text for people, of the same length at most; may be empty
 * @param sizeBytes the size, up to 2^63 - 1
 * @param transmissionFlags what the export can do, see {@link TransmissionFlags}; HAS_FLAGS is always set; SEND_DF and
 *     BLOCK_STATUS_PAYLOAD never, because they belong to a connection (see {@link NegotiatedSession})
 * @param minimumBlockBytes ranges must be multiples of it; a power of two up to 65536. Clients that do not ask about
 *     sizes do not keep to it, so anything but 1 makes requests of theirs fail
 * @param preferredBlockBytes multiples of it are fast; a power of two, at least 512 and {@code minimumBlockBytes}
 * @param maximumPayloadBytes the largest READ and WRITE; between {@code preferredBlockBytes} and
 *     {@link Limits#MAXIMUM_PAYLOAD_BYTES}
 */
public record ExportInfo(
        String name,
        String description,
        long sizeBytes,
        int transmissionFlags,
        int minimumBlockBytes,
        int preferredBlockBytes,
        int maximumPayloadBytes) {

    private static final int CONNECTION_FLAGS = TransmissionFlags.SEND_DF | TransmissionFlags.BLOCK_STATUS_PAYLOAD;

    public ExportInfo {
        checkString("name", name);
        checkString("description", description);
        check(sizeBytes >= 0, "sizeBytes", sizeBytes, "0 or more");
        check(
                (transmissionFlags & TransmissionFlags.HAS_FLAGS) != 0 && (transmissionFlags & CONNECTION_FLAGS) == 0,
                "transmissionFlags",
                transmissionFlags,
                "HAS_FLAGS set, SEND_DF and BLOCK_STATUS_PAYLOAD clear");
        check(
                (transmissionFlags & TransmissionFlags.SEND_FAST_ZERO) == 0
                        || (transmissionFlags & TransmissionFlags.SEND_WRITE_ZEROES) != 0,
                "transmissionFlags",
                transmissionFlags,
                "SEND_FAST_ZERO only with SEND_WRITE_ZEROES");
        check(
                isPowerOfTwo(minimumBlockBytes) && minimumBlockBytes <= Limits.MAXIMUM_MINIMUM_BLOCK_BYTES,
                "minimumBlockBytes",
                minimumBlockBytes,
                "a power of two up to " + Limits.MAXIMUM_MINIMUM_BLOCK_BYTES);
        check(
                isPowerOfTwo(preferredBlockBytes) && preferredBlockBytes >= Math.max(512, minimumBlockBytes),
                "preferredBlockBytes",
                preferredBlockBytes,
                "a power of two, at least 512 and the minimum");
        check(
                maximumPayloadBytes >= preferredBlockBytes && maximumPayloadBytes <= Limits.MAXIMUM_PAYLOAD_BYTES,
                "maximumPayloadBytes",
                maximumPayloadBytes,
                "from the preferred block size up to " + Limits.MAXIMUM_PAYLOAD_BYTES);
    }

    public boolean isReadOnly() {
        return (transmissionFlags & TransmissionFlags.READ_ONLY) != 0;
    }

    private static boolean isPowerOfTwo(int value) {
        return Integer.bitCount(value) == 1 && value > 0;
    }

    private static void checkString(String what, String value) {
        int bytes = value.getBytes(StandardCharsets.UTF_8).length;
        check(bytes <= Limits.STRING_BYTES, "length of " + what, bytes, "at most " + Limits.STRING_BYTES);
        if (value.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(what + " holds a NUL");
        }
    }

    private static void check(boolean condition, String what, long found, String expected) {
        if (!condition) {
            throw new IllegalArgumentException(what + ": " + found + " (expected: " + expected + ")");
        }
    }
}
