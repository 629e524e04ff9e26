package io.vhdxd.server.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.vhdxd.vhdx.ImageCheck;
import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Severity;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd check}. */
@Command(
        name = "check",
        description = {
            "Examines an image: headers, regions, metadata, log and BAT.",
            "Does not change it: a dirty log is replayed in memory."
        })
final class CheckCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The file to examine.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Option(names = "--json", description = "Write JSON.")
    private boolean json;

    @Override
    public Integer call() throws Failure {
        ImageCheck check;
        try {
            check = ImageCheck.of(image, parents.search());
        } catch (IOException e) {
            throw Failure.toOpen(image, e);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            JsonText.write(out, generator -> writeJson(generator, check));
        } else {
            writeText(out, check);
        }
        return exitCode(check.worst()).number();
    }

    /** Warnings are harmless; anything worse keeps data from being read or written. */
    static ExitCode exitCode(Severity worst) {
        return switch (worst) {
            case NOTE, WARNING -> ExitCode.OK;
            case READ_ONLY, FATAL -> ExitCode.BAD_IMAGE;
        };
    }

    static String name(Severity severity) {
        return switch (severity) {
            case NOTE -> "note";
            case WARNING -> "warning";
            case READ_ONLY -> "error";
            case FATAL -> "fatal";
        };
    }

    private static String verdict(Severity worst) {
        return switch (worst) {
            case NOTE -> "sound";
            case WARNING -> "usable, with harmless faults";
            case READ_ONLY -> "damaged: opens for reading only";
            case FATAL -> "corrupt: does not open";
        };
    }

    private void writeText(PrintWriter out, ImageCheck check) {
        for (Finding finding : check.findings()) {
            out.println(name(finding.severity()) + ": " + finding);
        }
        long notKept = check.findingCount() - check.findings().size();
        if (notKept > 0) {
            out.println("... and " + notKept + " more");
        }
        out.println(image + ": " + verdict(check.worst()));
    }

    private void writeJson(JsonGenerator generator, ImageCheck check) throws IOException {
        generator.writeStartObject();
        generator.writeStringField("image", image.toString());
        generator.writeStringField("worst", name(check.worst()));
        generator.writeStringField("verdict", verdict(check.worst()));
        generator.writeNumberField("finding-count", check.findingCount());
        writeFindings(generator, check.findings());
        generator.writeEndObject();
    }

    /** Writes the field {@code findings}. */
    static void writeFindings(JsonGenerator generator, List<Finding> findings) throws IOException {
        generator.writeArrayFieldStart("findings");
        for (Finding finding : findings) {
            generator.writeStartObject();
            generator.writeStringField("severity", name(finding.severity()));
            generator.writeStringField("structure", finding.structure());
            if (finding.fileOffsetBytes() >= 0) {
                generator.writeNumberField("offset-bytes", finding.fileOffsetBytes());
            }
            generator.writeStringField("problem", finding.problem());
            generator.writeEndObject();
        }
        generator.writeEndArray();
    }
}
