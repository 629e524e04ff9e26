package io.vhdxd.server.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.VhdxImage;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd map}. Its columns and its JSON are those of {@code nbdinfo --map}. */
@Command(
        name = "map",
        description = {
            "Lists which parts of an image are data and which are holes, as 'nbdinfo --map' does:",
            "offset, length, number and name of the kind; then, in a differencing image, which parent it is read from.",
            "Does not change the image: a dirty log is replayed in memory."
        })
final class MapCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The file to look at.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() throws Failure {
        // The command line's own writer flushes every line.
        PrintWriter out = new PrintWriter(new BufferedWriter(spec.commandLine().getOut()));
        try (VhdxImage opened = VhdxImage.open(image, Access.READ_ONLY, parents.search())) {
            if (json.isGiven()) {
                JsonText.write(out, generator -> writeJson(generator, opened));
            } else {
                writeText(out, opened);
            }
        } catch (IOException e) {
            throw Failure.toOpen(image, e);
        } finally {
            out.flush();
        }
        return ExitCode.OK.number();
    }

    private static void writeText(PrintWriter out, VhdxImage image) throws IOException {
        image.extents(0, image.info().virtualSizeBytes(), (offsetBytes, lengthBytes, kind, depth) -> {
            out.println(String.format(
                    Locale.ROOT,
                    "%10d  %10d  %3d  %s%s",
                    offsetBytes,
                    lengthBytes,
                    number(kind),
                    name(kind),
                    depth > 1 ? "  parent " + (depth - 1) : ""));
            return !out.checkError();
        });
    }

    private static void writeJson(JsonGenerator generator, VhdxImage image) throws IOException {
        generator.writeStartArray();
        try {
            image.extents(0, image.info().virtualSizeBytes(), (offsetBytes, lengthBytes, kind, depth) -> {
                writeExtent(generator, offsetBytes, lengthBytes, kind, depth);
                return true;
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        generator.writeEndArray();
    }

    private static void writeExtent(
            JsonGenerator generator, long offsetBytes, long lengthBytes, ExtentKind kind, int depth) {
        try {
            generator.writeStartObject();
            generator.writeNumberField("offset", offsetBytes);
            generator.writeNumberField("length", lengthBytes);
            generator.writeNumberField("type", number(kind));
            generator.writeStringField("description", name(kind));
            generator.writeNumberField("depth", depth);
            generator.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The flags of {@code base:allocation}: 1 for a hole and 2 for zeros. */
    private static int number(ExtentKind kind) {
        return switch (kind) {
            case DATA -> 0;
            case HOLE -> 3;
        };
    }

    private static String name(ExtentKind kind) {
        return switch (kind) {
            case DATA -> "data";
            case HOLE -> "hole,zero";
        };
    }
}
