package io.vhdxd.vhdx;

import io.vhdxd.vhdx.create.ImageLayout;
import io.vhdxd.vhdx.create.NewImage;
import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileParameters;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.storage.NewFile;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Makes new images.
 *
 * @param type {@link DiskType#DYNAMIC} or {@link DiskType#FIXED}
 * @param virtualSizeBytes a multiple of the logical sector size, at most {@link Geometry#VIRTUAL_SIZE_MAX_BYTES}
 * @param blockSizeBytes a power of two from 1 MiB to 256 MiB
 * @param logicalSectorSizeBytes 512 or 4096
 * @param physicalSectorSizeBytes 512 or 4096
 * @param logLengthBytes a multiple of 1 MiB, at most 1 GiB
 */
public record ImageCreation(
        DiskType type,
        long virtualSizeBytes,
        int blockSizeBytes,
        int logicalSectorSizeBytes,
        int physicalSectorSizeBytes,
        int logLengthBytes) {
    public static final int BLOCK_SIZE_DEFAULT_BYTES = 32 << 20;
    public static final int LOG_LENGTH_DEFAULT_BYTES = 1 << 20;

    private static final int LOG_LENGTH_MAX_BYTES = 1 << 30;
    static final String CREATOR = "vhdxd";

    /**
     * Checks all arguments.
     *
     * @throws IllegalArgumentException if one of them is not legal; the message says what was found and what was expected
     */
    public ImageCreation {
        if (type == DiskType.DIFFERENCING) {
            throw new IllegalArgumentException("type: " + type + " (expected: DYNAMIC or FIXED)");
        }
        if (physicalSectorSizeBytes != 512 && physicalSectorSizeBytes != 4096) {
            throw new IllegalArgumentException(
                    "physical sector size: " + physicalSectorSizeBytes + " (expected: 512 or 4096)");
        }
        // A geometry checks its own two sizes.
        new Geometry(virtualSizeBytes, blockSizeBytes, logicalSectorSizeBytes);
        if (virtualSizeBytes % logicalSectorSizeBytes != 0) {
            throw new IllegalArgumentException(
                    "virtual size: " + virtualSizeBytes + " (expected: a multiple of " + logicalSectorSizeBytes + ")");
        }
        checkLogLength(logLengthBytes);
    }

    static void checkLogLength(int logLengthBytes) {
        if (logLengthBytes <= 0 || logLengthBytes > LOG_LENGTH_MAX_BYTES || logLengthBytes % Geometry.MIB != 0) {
            throw new IllegalArgumentException("log length: " + logLengthBytes
                    + " (expected: a multiple of 1 MiB from 1 MiB to " + LOG_LENGTH_MAX_BYTES + ")");
        }
    }

    /**
     * Makes the image. The file must not exist. It appears under its name only when it is complete and durable; whatever
     * interrupts the creation, there is no file of that name. A fixed image has all its space reserved.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is such a file
     * @throws NoSpaceException if the file system has no room for it
     */
    public void create(Path file) throws IOException {
        try (NewFile newFile = NewFile.begin(file)) {
            writeTo(newFile.storage());
            newFile.publish();
        } catch (NoSpaceException e) {
            throw new NoSpaceException(
                    file + ": no room for an image file of " + layout().fileSizeBytes() + " bytes: " + e.getMessage(),
                    e);
        }
    }

    /** Makes the image in an empty file, durably. */
    void writeTo(Storage storage) throws IOException {
        int flags = type == DiskType.FIXED ? FileParameters.LEAVE_BLOCKS_ALLOCATED : 0;
        DiskMetadata metadata = new DiskMetadata(
                new FileParameters(blockSizeBytes, flags),
                virtualSizeBytes,
                UUID.randomUUID(),
                logicalSectorSizeBytes,
                physicalSectorSizeBytes);
        new NewImage(layout(), metadata, CREATOR, UUID::randomUUID).write(storage);
    }

    private ImageLayout layout() {
        Geometry geometry = new Geometry(virtualSizeBytes, blockSizeBytes, logicalSectorSizeBytes);
        return new ImageLayout(geometry, type == DiskType.FIXED, logLengthBytes);
    }
}
