package io.vhdxd.vhdx;

import io.vhdxd.vhdx.format.Geometry;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Makes new images.
 *
 * @param type {@link DiskType#DYNAMIC} or {@link DiskType#FIXED}
 * @param virtualSizeBytes a multiple of the logical sector size, at most {@link Geometry#VIRTUAL_SIZE_MAX_BYTES}
 * @param blockSizeBytes a power of two from 1 MiB to 256 MiB
 * @param logicalSectorSizeBytes 512
 * @param physicalSectorSizeBytes 512 or 4096
 * @param logLengthBytes a multiple of 1 MiB, at most 1 GiB
 */
@SuppressWarnings("DoNotCallSuggester")
public record ImageCreation(
        DiskType type,
        long virtualSizeBytes,
        int blockSizeBytes,
        int logicalSectorSizeBytes,
        int physicalSectorSizeBytes,
        int logLengthBytes) {
    public static final int BLOCK_SIZE_DEFAULT_BYTES = 32 << 20;
    public static final int LOG_LENGTH_DEFAULT_BYTES = 1 << 20;

    /**
     * Makes the image. The file must not exist. It appears under its name only when it is complete and durable.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is such a file
     */
    public void create(Path file) throws IOException {
        throw new IOException("not built yet: " + file);
    }
}
