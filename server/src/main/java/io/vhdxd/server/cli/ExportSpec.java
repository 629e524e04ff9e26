package io.vhdxd.server.cli;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.Limits;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An image to serve, and how.
 *
 * @param name not empty, without control characters
 * @param description a text for people
 * @param readOnly whether nobody may write
 */
record ExportSpec(String name, Path image, String description, boolean readOnly) {
    /** What every client must be able to name. */
    private static final int NAME_BYTES_MAX = 256;

    /**
     * Reads {@code [NAME=]IMAGE}. What stands before the first equals sign is a name if there is no slash in it; so {@code
     * ./a=b.vhdx} is a file.
     */
    static ExportSpec parse(String text) {
        int equals = text.indexOf('=');
        String before = equals < 0 ? "/" : text.substring(0, equals);
        boolean named = !before.contains("/");
        String file = named ? text.substring(equals + 1) : text;
        if (file.isEmpty()) {
            throw new TypeConversionException("'" + text + "' names no file (expected: [NAME=]IMAGE)");
        }
        return of(Path.of(file), named ? before : null, null, false);
    }

    /**
     * Makes one that may say only what has to be said.
     *
     * @param name null for the file's base name, without {@code .vhdx}
     * @param description null for the file's name
     * @throws TypeConversionException if the name or the description cannot be used
     */
    static ExportSpec of(Path image, @Nullable String name, @Nullable String description, boolean readOnly) {
        String usedName = name == null ? baseName(image) : name;
        checkName(image, usedName);
        String usedDescription = description == null ? String.valueOf(image.getFileName()) : description;
        int bytes = usedDescription.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > Limits.STRING_BYTES || usedDescription.codePoints().anyMatch(Character::isISOControl)) {
            throw new TypeConversionException("the description of " + ErrorText.quote(usedName)
                    + " is too long, or holds a control character (expected: one line of at most " + Limits.STRING_BYTES
                    + " bytes)");
        }
        return new ExportSpec(usedName, image, usedDescription, readOnly);
    }

    /** The same, but that nobody may write. */
    ExportSpec forReading() {
        return new ExportSpec(name, image, description, true);
    }

    private static String baseName(Path image) {
        Path fileName = image.toAbsolutePath().normalize().getFileName();
        String name = fileName == null ? "" : fileName.toString();
        return name.length() > 5 && name.regionMatches(true, name.length() - 5, ".vhdx", 0, 5)
                ? name.substring(0, name.length() - 5)
                : name;
    }

    private static void checkName(Path image, String name) {
        if (name.isEmpty()) {
            throw new TypeConversionException("the export of " + image + " has an empty name");
        }
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > NAME_BYTES_MAX) {
            throw new TypeConversionException("the export's name " + ErrorText.quote(name) + " has " + bytes
                    + " bytes (expected: at most " + NAME_BYTES_MAX + ")");
        }
        if (name.codePoints().anyMatch(Character::isISOControl)) {
            throw new TypeConversionException(
                    "the export's name " + ErrorText.quote(name) + " holds a control character");
        }
    }

    /** Lets picocli read them. */
    static final class Converter implements ITypeConverter<ExportSpec> {
        @Override
        public ExportSpec convert(String text) {
            return parse(text);
        }
    }
}
