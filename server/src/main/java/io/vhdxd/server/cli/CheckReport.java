package io.vhdxd.server.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.vhdxd.vhdx.ImageCheck;
import io.vhdxd.vhdx.ImageRepair;
import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.edit.GuestRange;
import io.vhdxd.vhdx.repair.RepairReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a check has found, and what a repair before it has done.
 *
 * @param repair null if there was none
 */
record CheckReport(Path image, ImageCheck check, @Nullable ImageRepair repair) {
    private static final int RANGES_SHOWN_MAX = 100;

    void write(PrintWriter out, boolean json) {
        if (json) {
            JsonText.write(out, this::writeJson);
        } else {
            writeText(out);
        }
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

    private void writeText(PrintWriter out) {
        if (repair != null) {
            writeText(out, repair);
        }
        for (Finding finding : check.findings()) {
            out.println(name(finding.severity()) + ": " + finding);
        }
        long notKept = check.findingCount() - check.findings().size();
        if (notKept > 0) {
            out.println("... and " + notKept + " more");
        }
        out.println(image + ": " + verdict(check.worst()));
    }

    private static void writeText(PrintWriter out, ImageRepair repair) {
        repair.repaired().forEach(text -> out.println("repaired: " + text));
        repair.losses().forEach(loss -> writeText(out, repair.lossRefused() ? "would be lost" : "lost", loss));
        repair.doubts().forEach(doubt -> writeText(out, "in doubt", doubt));
        if (repair.lossRefused()) {
            out.println("not repaired any further: that needs --allow-loss");
        }
        if (repair.refusal() != null) {
            out.println("cannot be repaired: " + repair.refusal());
        }
    }

    private static void writeText(PrintWriter out, String kind, RepairReport.Loss loss) {
        out.println(kind + ": " + loss.what());
        List<GuestRange> ranges = loss.ranges();
        for (GuestRange range : ranges.subList(0, Math.min(ranges.size(), RANGES_SHOWN_MAX))) {
            out.println("  offset " + range.offsetBytes() + ", " + range.lengthBytes() + " bytes");
        }
        long further = Math.max(0, ranges.size() - RANGES_SHOWN_MAX) + loss.furtherRangeCount();
        if (further > 0) {
            out.println("  ... and " + further + " more ranges");
        }
    }

    private void writeJson(JsonGenerator generator) throws IOException {
        generator.writeStartObject();
        generator.writeStringField("image", image.toString());
        generator.writeStringField("worst", name(check.worst()));
        generator.writeStringField("verdict", verdict(check.worst()));
        generator.writeNumberField("finding-count", check.findingCount());
        writeFindings(generator, check.findings());
        if (repair != null) {
            writeJson(generator, repair);
        }
        generator.writeEndObject();
    }

    private static void writeJson(JsonGenerator generator, ImageRepair repair) throws IOException {
        generator.writeArrayFieldStart("repaired");
        for (String text : repair.repaired()) {
            generator.writeString(text);
        }
        generator.writeEndArray();
        generator.writeBooleanField("loss-refused", repair.lossRefused());
        if (repair.refusal() != null) {
            generator.writeStringField("refusal", repair.refusal());
        }
        writeJson(generator, "losses", repair.losses());
        writeJson(generator, "doubts", repair.doubts());
    }

    private static void writeJson(JsonGenerator generator, String field, List<RepairReport.Loss> losses)
            throws IOException {
        generator.writeArrayFieldStart(field);
        for (RepairReport.Loss loss : losses) {
            generator.writeStartObject();
            generator.writeStringField("what", loss.what());
            generator.writeArrayFieldStart("ranges");
            for (GuestRange range : loss.ranges()) {
                generator.writeStartObject();
                generator.writeNumberField("offset-bytes", range.offsetBytes());
                generator.writeNumberField("length-bytes", range.lengthBytes());
                generator.writeEndObject();
            }
            generator.writeEndArray();
            generator.writeNumberField("further-range-count", loss.furtherRangeCount());
            generator.writeEndObject();
        }
        generator.writeEndArray();
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
