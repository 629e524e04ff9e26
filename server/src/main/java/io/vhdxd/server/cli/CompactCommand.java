package io.vhdxd.server.cli;

import io.vhdxd.vhdx.OfflineImage;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.edit.Compaction;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd compact}. */
@Command(
        name = "compact",
        description = {
            "Makes the file of an image smaller: moves its blocks into the gaps between them and cuts the file.",
            "The image must not be in use. What is on the disk does not change; killed at any moment, nothing is lost, and",
            "the command can be given again. The parents of a differencing image are not needed."
        })
final class CompactCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The file to change.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Option(
            names = "--zeros",
            description = "Read all blocks, and give up the space of those full of zeros. A fixed disk keeps them.")
    private boolean findZeros;

    @Mixin
    private final ProgressOption progress = new ProgressOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() throws Failure {
        PrintWriter out = spec.commandLine().getOut();
        Compaction.Outcome outcome;
        try (OfflineImage opened = OfflineImage.open(image, ParentSearch.DEFAULT);
                ProgressLine line = ProgressLine.on(spec.commandLine().getErr())) {
            outcome = opened.compact(findZeros, progress.on(line));
        } catch (IOException e) {
            throw Failure.toChange(image, e);
        }
        if (json.isGiven()) {
            JsonText.write(out, generator -> {
                generator.writeStartObject();
                generator.writeStringField("image", image.toString());
                generator.writeNumberField("file-size-before-bytes", outcome.fileSizeBeforeBytes());
                generator.writeNumberField("file-size-bytes", outcome.fileSizeAfterBytes());
                generator.writeNumberField("zero-block-count", outcome.zeroBlockCount());
                generator.writeNumberField("moved-block-count", outcome.movedBlockCount());
                generator.writeEndObject();
            });
        } else {
            out.println(image + ": file of " + new ByteSize(outcome.fileSizeBeforeBytes()) + " before, now "
                    + new ByteSize(outcome.fileSizeAfterBytes()) + "; " + outcome.movedBlockCount() + " blocks moved, "
                    + outcome.zeroBlockCount() + " of zeros given up");
        }
        return ExitCode.OK.number();
    }
}
