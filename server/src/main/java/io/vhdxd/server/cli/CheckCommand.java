package io.vhdxd.server.cli;

import io.vhdxd.vhdx.ImageCheck;
import io.vhdxd.vhdx.ImageRepair;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.repair.RepairOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd check}. */
@Command(
        name = "check",
        description = {
            "Examines an image: headers, regions, metadata, log and BAT.",
            "Without --repair it does not change it: a dirty log is replayed in memory.",
            "With --repair it replays the log and mends what can be mended without losing anything. What needs a loss is",
            "listed, and left alone unless --allow-loss is given (exit code 77). A repair that is killed can be given again."
        })
final class CheckCommand implements Callable<Integer> {
    /** What is to be repaired. */
    enum What {
        leaks,
        all
    }

    /** Whose content a block gets whose sector bitmap is lost. */
    enum Side {
        child,
        parent
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The file to examine.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Option(names = "--repair", description = "Repair the image; the same as -r all.")
    private boolean repairAll;

    @Option(
            names = "-r",
            paramLabel = "WHAT",
            description =
                    "Repair: 'all' is wrong, or only 'leaks', which is space of the file that belongs to nothing.")
    private @Nullable What repair;

    @Option(
            names = "--allow-loss",
            description =
                    "Repair also what can only be repaired by giving up content of the disk. What is lost is listed.")
    private boolean allowLoss;

    @Option(
            names = "--use-header",
            paramLabel = "NUMBER",
            description = "The header that counts, 1 or 2, where both have the same number and differ.")
    private @Nullable Integer headerToUse;

    @Option(
            names = "--without-bitmap",
            paramLabel = "SIDE",
            description =
                    "With --allow-loss: blocks of a differencing disk whose sector bitmap is lost become those of the"
                            + " 'child' or of its 'parent'.")
    private @Nullable Side withoutBitmap;

    @Mixin
    private final JsonOption json = new JsonOption();

    @Override
    public Integer call() throws Failure {
        if (repairAll || repair != null) {
            return repair();
        }
        require(!allowLoss && headerToUse == null && withoutBitmap == null, "these options need --repair");
        ImageCheck check;
        try {
            check = ImageCheck.of(image, parents.search());
        } catch (IOException e) {
            throw Failure.toOpen(image, e);
        }
        new CheckReport(image, check, null).write(spec.commandLine().getOut(), json.isGiven());
        return exitCode(check.worst()).number();
    }

    private int repair() throws Failure {
        require(!(repairAll && repair == What.leaks), "--repair and -r leaks exclude each other");
        require(headerToUse == null || headerToUse == 1 || headerToUse == 2, "--use-header: expected 1 or 2");
        require(withoutBitmap == null || allowLoss, "--without-bitmap needs --allow-loss");
        ImageRepair outcome;
        try {
            outcome = repair == What.leaks
                    ? ImageRepair.ofLeaks(image, parents.search())
                    : ImageRepair.of(image, parents.search(), options());
        } catch (IOException e) {
            throw Failure.toChange(image, e);
        }
        new CheckReport(image, outcome.check(), outcome)
                .write(spec.commandLine().getOut(), json.isGiven());
        if (outcome.lossRefused()) {
            return ExitCode.WOULD_LOSE_DATA.number();
        }
        return exitCode(outcome.check().worst()).number();
    }

    private RepairOptions options() {
        RepairOptions.WithoutBitmap side = switch (withoutBitmap) {
            case null -> RepairOptions.WithoutBitmap.UNDECIDED;
            case child -> RepairOptions.WithoutBitmap.CHILD;
            case parent -> RepairOptions.WithoutBitmap.PARENT;
        };
        return new RepairOptions(allowLoss, headerToUse == null ? 0 : headerToUse, side);
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    /** Warnings are harmless; anything worse keeps data from being read or written. */
    static ExitCode exitCode(Severity worst) {
        return switch (worst) {
            case NOTE, WARNING -> ExitCode.OK;
            case READ_ONLY, FATAL -> ExitCode.BAD_IMAGE;
        };
    }
}
