package io.vhdxd.server.cli;

import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.format.Geometry;
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
    static final int LOGICAL_SECTOR_SIZE_BYTES = 512;
    static final int PHYSICAL_SECTOR_SIZE_DEFAULT_BYTES = 4096;
    private static final long LOG_SIZE_MAX_BYTES = 1L << 30;

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
        checkSize(size);
        require(
                Geometry.isBlockSize(blockSize.bytes()),
                "--block-size: " + blockSize + " (expected: a power of two from 1M to 256M)");
        require(
                physicalSectorSizeBytes == 512 || physicalSectorSizeBytes == 4096,
                "--physical-sector-size: " + physicalSectorSizeBytes + " (expected: 512 or 4096)");
        require(
                logSize.bytes() > 0 && logSize.bytes() % Geometry.MIB == 0 && logSize.bytes() <= LOG_SIZE_MAX_BYTES,
                "--log-size: " + logSize + " (expected: a multiple of 1M, at most 1G)");
        return new ImageCreation(
                type == Type.fixed ? DiskType.FIXED : DiskType.DYNAMIC,
                size.bytes(),
                (int) blockSize.bytes(),
                LOGICAL_SECTOR_SIZE_BYTES,
                physicalSectorSizeBytes,
                (int) logSize.bytes());
    }

    private void checkSize(ByteSize size) {
        String problem = sizeProblem(size);
        require(problem.isEmpty(), problem);
    }

    /** What keeps a size from being that of a disk; empty if nothing does. */
    static String sizeProblem(ByteSize size) {
        boolean good = size.bytes() > 0
                && size.bytes() % LOGICAL_SECTOR_SIZE_BYTES == 0
                && size.bytes() <= Geometry.VIRTUAL_SIZE_MAX_BYTES;
        return good ? "" : "size: " + size.withBytes() + " (expected: a multiple of 512 bytes, at most 64T)";
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }
}
