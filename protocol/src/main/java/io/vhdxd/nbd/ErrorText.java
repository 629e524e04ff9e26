package io.vhdxd.nbd;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Texts for people inside messages of the protocol. */
public final class ErrorText {
    private static final int QUOTED_CODE_POINTS = 80;

    private ErrorText() {}

    /** The UTF-8 of a text, cut at a character's end to at most {@link Limits#STRING_BYTES} bytes. */
    public static byte[] encode(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= Limits.STRING_BYTES) {
            return bytes;
        }
        int end = Limits.STRING_BYTES;
        while ((bytes[end] & 0xc0) == 0x80) {
            end--;
        }
        return Arrays.copyOf(bytes, end);
    }

    /**
     * A text that came from a client, in quotes, fit for error texts and logs: short, and without characters that are
     * not visible or that steer a terminal.
     */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().limit(QUOTED_CODE_POINTS).forEach(c -> quoted.appendCodePoint(isVisible(c) ? c : '?'));
        if (text.codePointCount(0, text.length()) > QUOTED_CODE_POINTS) {
            quoted.append("...");
        }
        return quoted.append('"').toString();
    }

    private static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> codePoint != '"';
        };
    }
}
