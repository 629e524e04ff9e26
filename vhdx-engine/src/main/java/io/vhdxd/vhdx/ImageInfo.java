package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentLayer;
import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.FileParameters;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.load.LoadedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
 * @param parentLocator how the image names its parent, in the terms of [MS-VHDX] 2.6.2.6.3; empty if it has none
 * @param parents the files of the parents, the nearest first
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
        long logLengthBytes,
        long batOffsetBytes,
        long batLengthBytes,
        long metadataOffsetBytes,
        long metadataLengthBytes,
        long presentBlockCount,
        LogState logState,
        Map<String, String> parentLocator,
        List<Path> parents,
        List<Finding> findings) {
    static ImageInfo of(LoadedImage loaded, ParentChain parents, LogState logState, Findings findings) {
        Header header = loaded.headers().current();
        RegionEntry bat = loaded.regions().bat();
        ParentLocator locator = loaded.items().parentLocator();
        RegionEntry metadata = loaded.regions().metadata();
        return new ImageInfo(
                typeOf(loaded),
                loaded.identifier().creator(),
                loaded.geometry().virtualSizeBytes(),
                loaded.fileSizeBytes(),
                loaded.geometry().blockSizeBytes(),
                loaded.geometry().logicalSectorSizeBytes(),
                loaded.metadata().physicalSectorSizeBytes(),
                loaded.metadata().diskId(),
                header.fileWriteGuid(),
                header.dataWriteGuid(),
                header.sequenceNumber(),
                header.logOffsetBytes(),
                header.logLengthBytes(),
                bat.fileOffsetBytes(),
                bat.lengthBytes(),
                metadata.fileOffsetBytes(),
                metadata.lengthBytes(),
                loaded.presentBlockCount(),
                logState,
                locator == null ? Map.of() : locator.entries(),
                parents.layers().stream().map(ParentLayer::file).toList(),
                List.copyOf(findings.kept()));
    }

    private static DiskType typeOf(LoadedImage loaded) {
        FileParameters parameters = loaded.metadata().fileParameters();
        if (parameters.hasParent()) {
            return DiskType.DIFFERENCING;
        }
        return parameters.leaveBlocksAllocated() ? DiskType.FIXED : DiskType.DYNAMIC;
    }
}
