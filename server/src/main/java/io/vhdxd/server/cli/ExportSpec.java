package io.vhdxd.server.cli;

import io.vhdxd.nbd.ErrorText;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An image to serve, and the name to serve it under.
 *
 * @param name not empty, without slashes and control characters
 */
record ExportSpec(String name, Path image) {
    /** What every client must be able to name. */
    private static final int NAME_BYTES_MAX = 256;

    /**
     * Reads {@code [NAME=]IMAGE}. What stands before the first equals sign is a name if there is no slash in it; so {@code
     * ./a=b.vhdx} is a file. Without a name the file's base name is taken, without {@code .vhdx}.
     */
    static ExportSpec parse(String text) {
        int equals = text.indexOf('=');
        String before = equals < 0 ? "/" : text.substring(0, equals);
        boolean named = !before.contains("/");
        String file = named ? text.substring(equals + 1) : text;
        if (file.isEmpty()) {
            throw new TypeConversionException("'" + text + "' names no file (expected: [NAME=]IMAGE)");
        }
        Path image = Path.of(file);
        String name = named ? before : baseName(image);
        checkName(text, name);
        return new ExportSpec(name, image);
    }

    private static String baseName(Path image) {
        Path fileName = image.toAbsolutePath().normalize().getFileName();
        String name = fileName == null ? "" : fileName.toString();
        return name.length() > 5 && name.regionMatches(true, name.length() - 5, ".vhdx", 0, 5)
                ? name.substring(0, name.length() - 5)
                : name;
    }

    private static void checkName(String text, String name) {
        if (name.isEmpty()) {
            throw new TypeConversionException("'" + text + "' gives the export an empty name");
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
