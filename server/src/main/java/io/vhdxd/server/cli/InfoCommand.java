package io.vhdxd.server.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ImageInfo;
import io.vhdxd.vhdx.LogState;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.diagnosis.Finding;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd info}. */
@Command(name = "info", description = "Says what an image is. Does not change it: a dirty log is replayed in memory.")
final class InfoCommand implements Callable<Integer> {
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
        ImageInfo info;
        try (VhdxImage opened = VhdxImage.open(image, Access.READ_ONLY, parents.search())) {
            info = opened.info();
        } catch (IOException e) {
            throw Failure.toOpen(image, e);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json.isGiven()) {
            JsonText.write(out, generator -> writeJson(generator, info));
        } else {
            writeText(out, info);
        }
        return ExitCode.OK.number();
    }

    private void writeText(PrintWriter out, ImageInfo info) {
        long blockCount = Math.ceilDiv(info.virtualSizeBytes(), info.blockSizeBytes());
        out.println(image + ": " + typeName(info) + " VHDX");
        line(out, "virtual size", new ByteSize(info.virtualSizeBytes()).withBytes());
        line(out, "file size", new ByteSize(info.fileSizeBytes()).withBytes());
        line(out, "block size", new ByteSize(info.blockSizeBytes()));
        line(out, "blocks present", info.presentBlockCount() + " of " + blockCount);
        line(
                out,
                "sector size",
                info.logicalSectorSizeBytes() + " bytes logical, " + info.physicalSectorSizeBytes()
                        + " bytes physical");
        line(out, "disk identifier", info.diskId());
        line(out, "file write GUID", info.fileWriteGuid());
        line(out, "data write GUID", info.dataWriteGuid());
        line(out, "header sequence", Long.toUnsignedString(info.headerSequenceNumber()));
        line(out, "log", region(info.logOffsetBytes(), info.logLengthBytes()) + ", " + logText(info.logState()));
        line(out, "BAT", region(info.batOffsetBytes(), info.batLengthBytes()));
        line(out, "metadata", region(info.metadataOffsetBytes(), info.metadataLengthBytes()));
        line(out, "created by", info.creator().isEmpty() ? "(not said)" : info.creator());
        info.parentLocator().forEach((key, value) -> line(out, key.replace('_', ' '), value));
        for (Path parent : info.parents()) {
            line(out, "parent", parent);
        }
        for (Finding finding : info.findings()) {
            line(out, CheckReport.name(finding.severity()), finding);
        }
    }

    private static void line(PrintWriter out, String name, Object value) {
        out.println(String.format(Locale.ROOT, "  %-16s %s", name, value));
    }

    private static String region(long offsetBytes, long lengthBytes) {
        return new ByteSize(lengthBytes) + " at offset " + offsetBytes;
    }

    /** For example "clean" or "3 entries (12 pages) replayed". */
    static String logText(LogState log) {
        if (!log.dirty()) {
            return "clean";
        }
        return log.entryCount() + (log.entryCount() == 1 ? " entry (" : " entries (") + log.pageCount()
                + (log.pageCount() == 1 ? " page" : " pages") + ") replayed" + (log.inMemory() ? " in memory" : "");
    }

    static String typeName(ImageInfo info) {
        return info.type().name().toLowerCase(Locale.ROOT);
    }

    private void writeJson(JsonGenerator generator, ImageInfo info) throws IOException {
        generator.writeStartObject();
        generator.writeStringField("image", image.toString());
        generator.writeStringField("type", typeName(info));
        generator.writeNumberField("virtual-size-bytes", info.virtualSizeBytes());
        generator.writeNumberField("file-size-bytes", info.fileSizeBytes());
        generator.writeNumberField("block-size-bytes", info.blockSizeBytes());
        generator.writeNumberField("present-block-count", info.presentBlockCount());
        generator.writeNumberField("logical-sector-size-bytes", info.logicalSectorSizeBytes());
        generator.writeNumberField("physical-sector-size-bytes", info.physicalSectorSizeBytes());
        generator.writeStringField("disk-id", info.diskId().toString());
        generator.writeStringField("file-write-guid", info.fileWriteGuid().toString());
        generator.writeStringField("data-write-guid", info.dataWriteGuid().toString());
        generator.writeStringField("header-sequence-number", Long.toUnsignedString(info.headerSequenceNumber()));
        writeRegion(generator, "log-region", info.logOffsetBytes(), info.logLengthBytes());
        writeRegion(generator, "bat-region", info.batOffsetBytes(), info.batLengthBytes());
        writeRegion(generator, "metadata-region", info.metadataOffsetBytes(), info.metadataLengthBytes());
        generator.writeObjectFieldStart("log");
        generator.writeBooleanField("dirty", info.logState().dirty());
        generator.writeNumberField("replayed-entry-count", info.logState().entryCount());
        generator.writeNumberField("replayed-page-count", info.logState().pageCount());
        generator.writeEndObject();
        generator.writeStringField("creator", info.creator());
        if (!info.parentLocator().isEmpty()) {
            writeParents(generator, info);
        }
        CheckReport.writeFindings(generator, info.findings());
        generator.writeEndObject();
    }

    private static void writeParents(JsonGenerator generator, ImageInfo info) throws IOException {
        generator.writeObjectFieldStart("parent-locator");
        for (Map.Entry<String, String> entry : info.parentLocator().entrySet()) {
            generator.writeStringField(entry.getKey(), entry.getValue());
        }
        generator.writeEndObject();
        generator.writeArrayFieldStart("parents");
        for (Path parent : info.parents()) {
            generator.writeString(parent.toString());
        }
        generator.writeEndArray();
    }

    private static void writeRegion(JsonGenerator generator, String name, long offsetBytes, long lengthBytes)
            throws IOException {
        generator.writeObjectFieldStart(name);
        generator.writeNumberField("offset-bytes", offsetBytes);
        generator.writeNumberField("length-bytes", lengthBytes);
        generator.writeEndObject();
    }
}
