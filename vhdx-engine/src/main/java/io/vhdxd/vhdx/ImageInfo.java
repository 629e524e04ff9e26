package io.vhdxd.vhdx;

import io.vhdxd.vhdx.diagnosis.Finding;
import java.util.List;
import java.util.UUID;

/**
 * What is known of an image once it is open.
 *
 * @param creator the program that made it, as it calls itself; may be empty
 * @param virtualSizeBytes the size of the disk
 * @param fileSizeBytes the size of the file when it was opened
 * @param blockSizeBytes the size of a payload block
 * @param diskId the identifier that a guest sees (SCSI VPD page 83)
 * @param headerSequenceNumber of the current header; to be read as unsigned
 * @param logState what was replayed at the opening
 * @param findings what was noticed at the opening, at most {@link io.vhdxd.vhdx.diagnosis.Findings#KEPT_MAX}
 */
public record ImageInfo(
        DiskType type,
        String creator,
        long virtualSizeBytes,
        long fileSizeBytes,
        int blockSizeBytes,
        int logicalSectorSizeBytes,
        int physicalSectorSizeBytes,
        UUID diskId,
        UUID fileWriteGuid,
        UUID dataWriteGuid,
        long headerSequenceNumber,
        long logOffsetBytes,
        int logLengthBytes,
        long batOffsetBytes,
        int batLengthBytes,
        long metadataOffsetBytes,
        int metadataLengthBytes,
        long presentBlockCount,
        LogState logState,
        List<Finding> findings) {}
