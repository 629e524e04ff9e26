package io.vhdxd.server.cli;

import io.vhdxd.vhdx.ChildCreation;
import io.vhdxd.vhdx.DiskType;
import io.vhdxd.vhdx.ImageCreation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
    private static final int LOGICAL_SECTOR_SIZE_DEFAULT_BYTES = 512;
    private static final int PHYSICAL_SECTOR_SIZE_DEFAULT_BYTES = 4096;

    /** The types that can be made. */
    enum Type {
        dynamic,
        fixed,
        differencing
    }

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "The file to make.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path image;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "SIZE",
            description =
                    "The size of the disk, a multiple of the logical sector size up to 64T. A differencing disk has"
                            + " that of its parent if none is given.",
            converter = ByteSize.Converter.class)
    private @Nullable ByteSize size;

    @Option(
            names = "--type",
            paramLabel = "TYPE",
            defaultValue = "dynamic",
            description = "dynamic: a block gets its space when it is first written; fixed: all at once;"
                    + " differencing: what was never written is read from --parent. Default: ${DEFAULT-VALUE}.")
    private Type type = Type.dynamic;

    @Option(
            names = "--block-size",
            paramLabel = "SIZE",
            description = "How much is allocated at a time, a power of two from 1M to 256M. Default: 32M, for a"
                    + " differencing disk 2M.",
            converter = ByteSize.Converter.class)
    private @Nullable ByteSize blockSize;

    @Option(
            names = "--logical-sector-size",
            paramLabel = "BYTES",
            description =
                    "The unit in which a guest reads and writes, 512 or 4096. Default: 512; a differencing disk has"
                            + " that of its parent.")
    private @Nullable Integer logicalSectorSizeBytes;

    @Option(
            names = "--physical-sector-size",
            paramLabel = "BYTES",
            description =
                    "The physical sector size that a guest is told, 512 or 4096. Default: 4096; a differencing disk"
                            + " has that of its parent.")
    private @Nullable Integer physicalSectorSizeBytes;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

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
        if (type == Type.differencing) {
            return createChild();
        }
        ImageCreation creation = creation();
        try {
            creation.create(image);
        } catch (IOException e) {
            throw Failure.toCreate(image, e);
        }
        spec.commandLine()
                .getOut()
                .println(image + ": " + new ByteSize(creation.virtualSizeBytes()) + ", " + type + ", blocks of "
                        + new ByteSize(creation.blockSizeBytes()) + ", sectors of "
                        + creation.logicalSectorSizeBytes() + " bytes, physical ones of "
                        + creation.physicalSectorSizeBytes() + " bytes");
        return ExitCode.OK.number();
    }

    private int createChild() throws Failure {
        Path parent = parents.onlyParent();
        require(parent != null, "--type differencing needs one --parent");
        require(
                logicalSectorSizeBytes == null && physicalSectorSizeBytes == null,
                "a differencing disk has the sector sizes of its parent");
        ChildCreation creation = childCreation(Objects.requireNonNull(parent));
        long sizeBytes;
        try {
            sizeBytes = creation.create(image);
        } catch (IOException e) {
            throw Failure.toCreate(image, e);
        }
        spec.commandLine()
                .getOut()
                .println(image + ": " + new ByteSize(sizeBytes) + ", differencing, blocks of "
                        + new ByteSize(creation.blockSizeBytes()) + ", parent " + parent);
        return ExitCode.OK.number();
    }

    private ChildCreation childCreation(Path parent) {
        try {
            return new ChildCreation(
                    parent,
                    parents.searchBeyondParent(),
                    size == null ? 0 : checkedSize(size),
                    blockSizeBytes(ChildCreation.BLOCK_SIZE_DEFAULT_BYTES),
                    Math.toIntExact(logSize.bytes()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw notLegal(e);
        }
    }

    private ImageCreation creation() {
        require(!parents.namesParent(), "--parent needs --type differencing");
        require(size != null, "SIZE is missing");
        try {
            return new ImageCreation(
                    type == Type.fixed ? DiskType.FIXED : DiskType.DYNAMIC,
                    checkedSize(Objects.requireNonNull(size)),
                    blockSizeBytes(ImageCreation.BLOCK_SIZE_DEFAULT_BYTES),
                    Objects.requireNonNullElse(logicalSectorSizeBytes, LOGICAL_SECTOR_SIZE_DEFAULT_BYTES),
                    Objects.requireNonNullElse(physicalSectorSizeBytes, PHYSICAL_SECTOR_SIZE_DEFAULT_BYTES),
                    Math.toIntExact(logSize.bytes()));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw notLegal(e);
        }
    }

    private int blockSizeBytes(int defaultBytes) {
        return blockSize == null ? defaultBytes : Math.toIntExact(blockSize.bytes());
    }

    private ParameterException notLegal(RuntimeException e) {
        return new ParameterException(
                spec.commandLine(),
                e instanceof ArithmeticException
                        ? "block size or log size: 2 GiB or more (expected: at most 256 MiB for blocks, 1 GiB for the log)"
                        : e.getMessage(),
                e);
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    /** A dynamic image with the defaults of everything but its size. */
    static ImageCreation dynamic(ByteSize size) {
        return new ImageCreation(
                DiskType.DYNAMIC,
                checkedSize(size),
                ImageCreation.BLOCK_SIZE_DEFAULT_BYTES,
                LOGICAL_SECTOR_SIZE_DEFAULT_BYTES,
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
