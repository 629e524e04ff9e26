package io.vhdxd.server.cli;

import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCreation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd create}. */
@Command(
        name = "create",
        description = {
            "Makes a new image. An existing file is never overwritten.",
            "Sizes are bytes, or numbers with K, M, G or T (powers of 1024), such as 10G."
        })
final class CreateCommand implements Callable<Integer> {
    private static final int LOGICAL_SECTOR_SIZE_BYTES = 512;
    private static final int PHYSICAL_SECTOR_SIZE_DEFAULT_BYTES = 4096;

    /** The types that can be made. */
    enum Type {
        dynamic,
        fixed
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "The file to make.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Parameters(
            index = "1",
            paramLabel = "SIZE",
            description = "The size of the disk, a multiple of 512 bytes up to 64T.",
            converter = ByteSize.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ByteSize size;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            defaultValue = "dynamic",
            description = "dynamic: a block gets its space when it is first written; fixed: all at once."
                    + " Default: ${DEFAULT-VALUE}.")
    private Type type = Type.dynamic;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            defaultValue = "32M",
            description = "How much is allocated at a time, a power of two from 1M to 256M. Default: ${DEFAULT-VALUE}.",
            converter = ByteSize.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ByteSize blockSize;

    @Option(
            names = "--physical-sector-size",
            paramLabel = "BYTES",
            defaultValue = "" + PHYSICAL_SECTOR_SIZE_DEFAULT_BYTES,
            description = "The physical sector size that a guest is told, 512 or 4096. Default: ${DEFAULT-VALUE}.")
    private int physicalSectorSizeBytes;

    @Option(
            names = "--log-size",
            paramLabel = "SIZE",
            defaultValue = "1M",
            description = "The size of the log, a multiple of 1M up to 1G. Default: ${DEFAULT-VALUE}.",
            converter = ByteSize.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ByteSize logSize;

    @Override
    public Integer call() throws Failure {
        ImageCreation creation = creation();
        try {
            creation.create(image);
        } catch (IOException e) {
            throw Failure.toCreate(image, e);
        }
        spec.commandLine()
                .getOut()
                .println(image + ": " + size + ", " + type + ", blocks of " + blockSize + ", physical sectors of "
                        + physicalSectorSizeBytes + " bytes");
        return ExitCode.OK.number();
    }

    private ImageCreation creation() {
        try {
            return new ImageCreation(
                    type == Type.fixed ? DiskType.FIXED : DiskType.DYNAMIC,
                    checkedSize(size),
                    Math.toIntExact(blockSize.bytes()),
                    LOGICAL_SECTOR_SIZE_BYTES,
                    physicalSectorSizeBytes,
                    Math.toIntExact(logSize.bytes()));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        } catch (ArithmeticException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "block size or log size: 2 GiB or more (expected: at most 256 MiB for blocks, 1 GiB for the log)",
                    e);
        }
    }

    /** A dynamic image with the defaults of everything but its size. */
    static ImageCreation dynamic(ByteSize size) {
        return new ImageCreation(
                DiskType.DYNAMIC,
                checkedSize(size),
                ImageCreation.BLOCK_SIZE_DEFAULT_BYTES,
                LOGICAL_SECTOR_SIZE_BYTES,
                PHYSICAL_SECTOR_SIZE_DEFAULT_BYTES,
                ImageCreation.LOG_LENGTH_DEFAULT_BYTES);
    }

    /** The size of a disk; {@link ImageCreation} checks the rest. */
    private static long checkedSize(ByteSize size) {
        if (size.bytes() == 0) {
            throw new IllegalArgumentException("virtual size: 0 (expected: at least one sector)");
        }
        return size.bytes();
    }
}
