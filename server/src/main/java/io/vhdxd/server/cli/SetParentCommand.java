package io.vhdxd.server.cli;

import io.vhdxd.vhdx.ParentChange;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd set-parent}. */
@Command(
        name = "set-parent",
        description = {
            "Lets a differencing image name --parent as its parent, by a path relative to its own directory; with --map-path,",
            "by its path on Windows as well. The image must not be in use.",
            "The parent has to be the one that the image was made from, unchanged, unless --ignore-parent-id is given: then",
            "the image takes it as it is now, and what is read may be a mixture that no disk ever held.",
            "Killed at any moment, the image names its old parent or the new one."
        })
final class SetParentCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The differencing image.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() throws Failure {
        if (!parents.namesParent()) {
            throw new ParameterException(spec.commandLine(), "--parent is missing");
        }
        ParentChange change;
        try {
            change = ParentChange.make(image, parents.search());
        } catch (ParentUnavailableException e) {
            throw Failure.toOpen(image, e);
        } catch (IOException e) {
            throw Failure.toChange(image, e);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json.isGiven()) {
            JsonText.write(out, generator -> {
                generator.writeStartObject();
                generator.writeStringField("image", image.toString());
                generator.writeStringField("parent", change.parent().toString());
                generator.writeBooleanField("identity-changed", change.identityChanged());
                generator.writeObjectFieldStart("parent-locator");
                for (String key : change.locator().keySet().stream().sorted().toList()) {
                    generator.writeStringField(key, change.locator().get(key));
                }
                generator.writeEndObject();
                generator.writeEndObject();
            });
        } else {
            out.println(image + ": its parent is " + change.parent()
                    + (change.identityChanged() ? ", which is not the one that it was made from" : ""));
        }
        return ExitCode.OK.number();
    }
}
