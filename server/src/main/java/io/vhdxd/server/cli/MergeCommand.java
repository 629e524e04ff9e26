package io.vhdxd.server.cli;

import io.vhdxd.vhdx.ImageMerge;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
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

/** {@code vhdxd merge}. */
@Command(
        name = "merge",
        description = {
            "Writes what a differencing image holds into its parent, which then is what the image was. Neither must be in use.",
            "The image stays, and reads the same over what its parent has become, unless --delete-child is given. Other",
            "children of the parent cannot be opened any more: nobody can know here whether there are any.",
            "Killed at any moment, the image reads as before, and the command can be given again."
        })
final class MergeCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "CHILD", description = "The differencing image.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Option(
            names = "--delete-child",
            description =
                    "Remove CHILD when its parent has everything, durably. Children of CHILD lose their parent then.")
    private boolean deleteChild;

    @Mixin
    private final ProgressOption progress = new ProgressOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() throws Failure {
        PrintWriter out = spec.commandLine().getOut();
        ImageMerge outcome;
        try (ProgressLine line = ProgressLine.on(spec.commandLine().getErr())) {
            outcome = ImageMerge.merge(image, parents.search(), deleteChild, progress.on(line));
        } catch (ParentUnavailableException e) {
            throw Failure.toOpen(image, e);
        } catch (IOException e) {
            throw Failure.toChange(image, e);
        }
        if (json.isGiven()) {
            JsonText.write(out, generator -> {
                generator.writeStartObject();
                generator.writeStringField("image", image.toString());
                generator.writeStringField("parent", outcome.parent().toString());
                generator.writeNumberField("copied-bytes", outcome.copiedBytes());
                generator.writeNumberField("zeroed-bytes", outcome.zeroedBytes());
                generator.writeBooleanField("parent-was-larger", outcome.parentWasLarger());
                generator.writeBooleanField("child-deleted", deleteChild);
                generator.writeEndObject();
            });
            return ExitCode.OK.number();
        }
        out.println(outcome.parent() + ": holds " + image + " now; " + new ByteSize(outcome.copiedBytes()) + " copied, "
                + new ByteSize(outcome.zeroedBytes()) + " zeroed");
        out.println("Other children of " + outcome.parent() + ", if there are any, cannot be opened any more.");
        if (outcome.parentWasLarger()) {
            out.println("Its disk was larger than that of " + image
                    + ", and stays so; what lies behind the end of the smaller one is as it was.");
        }
        out.println(deleteChild ? image + ": removed" : image + ": kept; it reads as before");
        return ExitCode.OK.number();
    }
}
