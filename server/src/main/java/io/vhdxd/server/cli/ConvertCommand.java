package io.vhdxd.server.cli;

import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageConversion;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.edit.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd convert}. */
@Command(
        name = "convert",
        description = {
            "Copies a disk into a new file of another kind: raw or VHDX, dynamic or fixed, with other blocks.",
            "Of an image with parents, the whole chain is copied, and the new file needs no parent.",
            "Zeros take no space in what is made, but for a fixed image. The source is not changed. The new file appears under",
            "its name when it is complete; an existing file is never overwritten."
        })
final class ConvertCommand implements Callable<Integer> {
    /** What a file is. */
    enum Format {
        raw,
        vhdx
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "SOURCE", description = "The file to read.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path source;

    @Parameters(index = "1", paramLabel = "TARGET", description = "The file to make.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path target;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Option(
            names = {"-f", "--from"},
            paramLabel = "FORMAT",
            description = "raw or vhdx. Default: vhdx for names that end with .vhdx or .avhdx, otherwise raw.")
    private @Nullable Format from;

    @Option(
            names = {"-O", "--to"},
            paramLabel = "FORMAT",
            description = "raw or vhdx. Default: as for the source.")
    private @Nullable Format to;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            defaultValue = "dynamic",
            description = "dynamic or fixed, for a VHDX. Default: ${DEFAULT-VALUE}.")
    private CreateCommand.Type type = CreateCommand.Type.dynamic;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            description = "For a VHDX, a power of two from 1M to 256M. Default: that of the source, or 32M.",
            converter = ByteSize.Converter.class)
    private @Nullable ByteSize blockSize;

    @Option(names = "--no-verify", description = "Do not read everything again and compare it.")
    private boolean noVerify;

    @Option(
            names = {"-q", "--quiet"},
            description = "Show no progress.")
    private boolean quiet;

    @Override
    public Integer call() throws Failure {
        try (ImageConversion conversion = open()) {
            convert(conversion);
            spec.commandLine()
                    .getOut()
                    .println(target + ": " + new ByteSize(conversion.virtualSizeBytes()) + ", " + toFormat());
            return ExitCode.OK.number();
        } catch (IOException e) {
            throw Failure.toOpen(source, e);
        }
    }

    private ImageConversion open() throws Failure {
        try {
            return formatOf(source, from) == Format.vhdx
                    ? ImageConversion.ofImage(source, parents.search())
                    : ImageConversion.ofRaw(source);
        } catch (IOException e) {
            throw Failure.toOpen(source, e);
        }
    }

    private void convert(ImageConversion conversion) throws Failure {
        try (ProgressLine line = ProgressLine.on(spec.commandLine().getErr())) {
            Progress progress = quiet ? Progress.NONE : line;
            if (toFormat() == Format.vhdx) {
                conversion.toImage(target, creation(conversion), !noVerify, progress);
            } else {
                conversion.toRaw(target, !noVerify, progress);
            }
        } catch (IOException e) {
            throw Failure.toCreate(target, e);
        }
    }

    private Format toFormat() {
        return formatOf(target, to);
    }

    private static Format formatOf(Path file, @Nullable Format given) {
        if (given != null) {
            return given;
        }
        String name = file.toString().toLowerCase(Locale.ROOT);
        return name.endsWith(".vhdx") || name.endsWith(".avhdx") ? Format.vhdx : Format.raw;
    }

    private ImageCreation creation(ImageConversion conversion) {
        try {
            return new ImageCreation(
                    type == CreateCommand.Type.fixed ? DiskType.FIXED : DiskType.DYNAMIC,
                    conversion.virtualSizeBytes(),
                    blockSize == null ? conversion.blockSizeBytes() : Math.toIntExact(blockSize.bytes()),
                    conversion.logicalSectorSizeBytes(),
                    conversion.physicalSectorSizeBytes(),
                    ImageCreation.LOG_LENGTH_DEFAULT_BYTES);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ParameterException(spec.commandLine(), "--block-size: " + e.getMessage(), e);
        }
    }
}
