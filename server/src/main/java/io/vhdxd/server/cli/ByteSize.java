package io.vhdxd.server.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as people write it: digits, and a suffix for powers of 1024.
 *
 * @param bytes 0 to 2^63-1
 */
record ByteSize(long bytes) {
    private static final String UNITS = "KMGTP";
    private static final Pattern SYNTAX = Pattern.compile("([0-9]{1,19})(?:([" + UNITS + "])(?:iB)?)?");

    @Override
    public String toString() {
        int power = 0;
        long scaled = bytes;
        while (scaled >= 1024 && power < UNITS.length() && scaled % 1024 == 0) {
            scaled /= 1024;
            power++;
        }
        if (scaled < 100_000) {
            return scaled + (power == 0 ? " bytes" : " " + UNITS.charAt(power - 1) + "iB");
        }
        double rounded = scaled;
        while (rounded >= 1024 && power < UNITS.length()) {
            rounded /= 1024;
            power++;
        }
        return String.format(Locale.ROOT, "%.1f %siB", rounded, UNITS.charAt(power - 1));
    }

    /** The size with its exact number of bytes, where that is not said already. */
    String withBytes() {
        return bytes < 1024 ? toString() : this + " (" + bytes + " bytes)";
    }

    static ByteSize parse(String text) {
        Matcher matcher = SYNTAX.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException(
                    "'" + text + "' is not a size (expected: bytes, or a number with K, M, G or T, such as 10G)");
        }
        int power = matcher.group(2) == null ? 0 : UNITS.indexOf(matcher.group(2)) + 1;
        try {
            return new ByteSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * power)));
        } catch (NumberFormatException | ArithmeticException e) {
            throw new TypeConversionException("'" + text + "' is too large (expected: less than 8192P)");
        }
    }

    /** Lets picocli read sizes. */
    static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            return parse(text);
        }
    }
}
