package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileParameters;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.RegionEntry;

/** Whether the metadata describe a disk that can be served. */
final class DiskChecks {
    private DiskChecks() {}

    /** The disk's geometry; its size is rounded down to whole sectors, which is told as a finding. */
    static Geometry geometry(DiskMetadata metadata, Regions regions, Findings findings) throws CorruptImageException {
        int logical = metadata.logicalSectorSizeBytes();
        if (logical != 512 && logical != 4096) {
            throw corrupt(
                    regions.metadata(),
                    "logical sector size",
                    Integer.toUnsignedString(logical) + ", expected 512 or 4096");
        }
        long blockSize = metadata.fileParameters().blockSizeBytes();
        if (!Geometry.isBlockSize(blockSize)) {
            throw corrupt(
                    regions.metadata(),
                    "file parameters",
                    "block size " + blockSize + ", expected a power of two from " + Geometry.BLOCK_SIZE_MIN_BYTES
                            + " to " + Geometry.BLOCK_SIZE_MAX_BYTES);
        }
        long size = metadata.virtualSizeBytes();
        if (size < 0 || size > Geometry.VIRTUAL_SIZE_MAX_BYTES) {
            throw corrupt(
                    regions.metadata(),
                    "virtual disk size",
                    Long.toUnsignedString(size) + ", expected at most " + Geometry.VIRTUAL_SIZE_MAX_BYTES);
        }
        noteReservedFlags(metadata.fileParameters(), regions.metadata(), findings);
        long excess = size % logical;
        if (excess != 0) {
            findings.readOnly(
                    "metadata item virtual disk size",
                    regions.metadata().fileOffsetBytes(),
                    size + ", expected a multiple of " + logical + "; the disk is shown with " + (size - excess)
                            + " bytes");
        }
        Geometry geometry = new Geometry(size - excess, (int) blockSize, logical);
        requireRoomInBat(geometry, metadata.fileParameters().hasParent(), regions.bat());
        return geometry;
    }

    private static void noteReservedFlags(FileParameters parameters, RegionEntry region, Findings findings) {
        if (parameters.reservedFlags() != 0) {
            findings.warning(
                    "metadata item file parameters",
                    region.fileOffsetBytes(),
                    "reserved bits are set: 0x%08x, expected 0".formatted(parameters.reservedFlags()));
        }
    }

    private static void requireRoomInBat(Geometry geometry, boolean hasParent, RegionEntry bat)
            throws CorruptImageException {
        long needed = geometry.batEntryCount(hasParent) * BatEntry.BYTES;
        if (bat.lengthBytes() < needed) {
            throw new CorruptImageException(
                    "BAT",
                    bat.fileOffsetBytes(),
                    "the region has " + bat.lengthBytes() + " bytes, expected at least " + needed + " for "
                            + geometry.blockCount() + " blocks of " + geometry.blockSizeBytes() + " bytes");
        }
    }

    private static CorruptImageException corrupt(RegionEntry region, String item, String problem) {
        return new CorruptImageException("metadata item " + item, region.fileOffsetBytes(), problem);
    }
}
