package io.vhdxd.server.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.vhdxd.vhdx.LogDump;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd dump-log}. */
@Command(
        name = "dump-log",
        description = {
            "Lists what the log of an image holds: its entries, whether they are valid, what they change, and which of them",
            "would be replayed. Does not change the image."
        })
final class DumpLogCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The file to look at.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() throws Failure {
        LogDump dump;
        try {
            dump = LogDump.of(image);
        } catch (IOException e) {
            throw Failure.toOpen(image, e);
        }
        // The command line's own writer flushes every line.
        PrintWriter out = new PrintWriter(new BufferedWriter(spec.commandLine().getOut()));
        if (json.isGiven()) {
            JsonText.write(out, generator -> writeJson(generator, dump));
        } else {
            writeText(out, dump);
        }
        out.flush();
        return (dump.problem() == null ? ExitCode.OK : ExitCode.BAD_IMAGE).number();
    }

    private void writeText(PrintWriter out, LogDump dump) {
        out.println(image + ": log of " + new ByteSize(dump.logLengthBytes()) + " at offset " + dump.logOffsetBytes()
                + ", " + (dump.logGuid() == null ? "not in use" : "in use with GUID " + dump.logGuid()));
        for (LogDump.Entry entry : dump.entries()) {
            out.println("entry at " + entry.ringOffsetBytes() + ": sequence number "
                    + Long.toUnsignedString(entry.sequenceNumber()) + ", " + entry.lengthBytes() + " bytes, "
                    + state(entry));
            out.println("  GUID " + entry.logGuid() + ", tail " + entry.tailOffsetBytes() + ", flushed file offset "
                    + Long.toUnsignedString(entry.flushedFileOffsetBytes()) + ", last file offset "
                    + Long.toUnsignedString(entry.lastFileOffsetBytes()));
            for (LogDump.Change change : entry.changes()) {
                out.println((change.zero() ? "  zeros " : "  page ")
                        + Long.toUnsignedString(change.lengthBytes()) + " bytes at offset "
                        + Long.toUnsignedString(change.fileOffsetBytes()));
            }
        }
        if (dump.problem() != null) {
            out.println("error: " + dump.problem());
        }
    }

    private static String state(LogDump.Entry entry) {
        if (!entry.valid()) {
            return "not valid";
        }
        if (!entry.ofThisLog()) {
            return "valid, of a former log";
        }
        return entry.active() ? "valid, to be replayed" : "valid, not in the active sequence";
    }

    private void writeJson(JsonGenerator generator, LogDump dump) throws IOException {
        generator.writeStartObject();
        generator.writeStringField("image", image.toString());
        generator.writeNumberField("log-offset-bytes", dump.logOffsetBytes());
        generator.writeNumberField("log-length-bytes", dump.logLengthBytes());
        if (dump.logGuid() != null) {
            generator.writeStringField("log-guid", dump.logGuid().toString());
        }
        if (dump.problem() != null) {
            generator.writeStringField("problem", dump.problem());
        }
        generator.writeArrayFieldStart("entries");
        for (LogDump.Entry entry : dump.entries()) {
            writeJson(generator, entry);
        }
        generator.writeEndArray();
        generator.writeEndObject();
    }

    private static void writeJson(JsonGenerator generator, LogDump.Entry entry) throws IOException {
        generator.writeStartObject();
        generator.writeNumberField("ring-offset-bytes", entry.ringOffsetBytes());
        generator.writeNumberField("length-bytes", entry.lengthBytes());
        generator.writeBooleanField("valid", entry.valid());
        generator.writeBooleanField("of-this-log", entry.ofThisLog());
        generator.writeBooleanField("active", entry.active());
        generator.writeStringField("sequence-number", Long.toUnsignedString(entry.sequenceNumber()));
        generator.writeNumberField("tail-offset-bytes", entry.tailOffsetBytes());
        generator.writeStringField("log-guid", entry.logGuid().toString());
        generator.writeStringField("flushed-file-offset-bytes", Long.toUnsignedString(entry.flushedFileOffsetBytes()));
        generator.writeStringField("last-file-offset-bytes", Long.toUnsignedString(entry.lastFileOffsetBytes()));
        generator.writeArrayFieldStart("changes");
        for (LogDump.Change change : entry.changes()) {
            generator.writeStartObject();
            generator.writeStringField("kind", change.zero() ? "zeros" : "page");
            generator.writeStringField("file-offset-bytes", Long.toUnsignedString(change.fileOffsetBytes()));
            generator.writeStringField("length-bytes", Long.toUnsignedString(change.lengthBytes()));
            generator.writeEndObject();
        }
        generator.writeEndArray();
        generator.writeEndObject();
    }
}
