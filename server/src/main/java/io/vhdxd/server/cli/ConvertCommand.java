package io.vhdxd.server.cli;

import io.vhdxd.server.remote.NbdUri;
import io.vhdxd.server.remote.RemoteDisk;
import io.vhdxd.server.remote.RemoteDiskException;
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
            "its name when it is complete; an existing file is never overwritten.",
            "Either side can be an export of an NBD server: nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=FILE.",
            "An export is written over where it is, from its beginning on, and flushed."
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

    @Parameters(index = "0", paramLabel = "SOURCE", description = "The file to read, or the URI of an export.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String source;

    @Parameters(index = "1", paramLabel = "TARGET", description = "The file to make, or the URI of an export.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String target;

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

    @Mixin
    private final ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() throws Failure {
        NbdUri targetUri = uri(target, to);
        try (ImageConversion conversion = open()) {
            if (targetUri == null) {
                convert(conversion, Path.of(target));
            } else {
                convert(conversion, targetUri);
            }
            spec.commandLine()
                    .getOut()
                    .println(target + ": " + new ByteSize(conversion.virtualSizeBytes()) + ", "
                            + (targetUri == null ? toFormat() : "written over the export"));
            return ExitCode.OK.number();
        } catch (IOException e) {
            throw failure(ExitCode.NO_IMAGE, e);
        }
    }

    private ImageConversion open() throws Failure {
        NbdUri sourceUri = uri(source, from);
        try {
            if (sourceUri != null) {
                return ImageConversion.ofForeign(RemoteDisk.open(sourceUri));
            }
            return formatOf(source, from) == Format.vhdx
                    ? ImageConversion.ofImage(Path.of(source), parents.search())
                    : ImageConversion.ofRaw(Path.of(source));
        } catch (IOException e) {
            throw failure(ExitCode.NO_IMAGE, e);
        }
    }

    private void convert(ImageConversion conversion, Path file) throws Failure {
        try (ProgressLine line = ProgressLine.on(spec.commandLine().getErr())) {
            Progress shown = progress.on(line);
            if (toFormat() == Format.vhdx) {
                conversion.toImage(file, creation(conversion), !noVerify, shown);
            } else {
                conversion.toRaw(file, !noVerify, shown);
            }
        } catch (IOException e) {
            throw failure(ExitCode.CANNOT_CREATE, e);
        }
    }

    private void convert(ImageConversion conversion, NbdUri uri) throws Failure {
        try (RemoteDisk disk = RemoteDisk.open(uri);
                ProgressLine line = ProgressLine.on(spec.commandLine().getErr())) {
            conversion.toForeign(disk, target, !noVerify, progress.on(line));
        } catch (IOException e) {
            throw failure(ExitCode.CANNOT_CREATE, e);
        }
    }

    /** A server says which of the two it is; what happens to a file is told of the one that was at work. */
    private Failure failure(ExitCode atWork, IOException e) {
        if (e instanceof RemoteDiskException remote) {
            boolean ofSource = remote.uri().text().equals(source);
            return new Failure(
                    ofSource ? ExitCode.NO_IMAGE : ExitCode.CANNOT_CREATE, String.valueOf(e.getMessage()), e);
        }
        return atWork == ExitCode.NO_IMAGE ? Failure.toOpen(Path.of(source), e) : Failure.toCreate(Path.of(target), e);
    }

    /** The export that is meant; null if it is a file. */
    private @Nullable NbdUri uri(String word, @Nullable Format format) {
        if (!NbdUri.isMeantBy(word)) {
            return null;
        }
        if (format == Format.vhdx) {
            throw new ParameterException(
                    spec.commandLine(), "'" + word + "' holds the content of a disk (expected: no format, or raw)");
        }
        try {
            return NbdUri.parse(word);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Format toFormat() {
        return formatOf(target, to);
    }

    private static Format formatOf(String file, @Nullable Format given) {
        if (given != null) {
            return given;
        }
        String name = file.toLowerCase(Locale.ROOT);
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
