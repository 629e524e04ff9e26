package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.format.DiskMetadata;
import io.vhdxd.vhdx.format.FileTypeIdentifier;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.log.ActiveSequence;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.log.LogReplay;
import io.vhdxd.vhdx.map.BitmapPlaces;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An image whose structures were read and checked.
 *
 * @param headers the headers as the file holds them; the log's place is in the current one
 * @param items the metadata as they were found
 * @param geometry of the disk as it is exposed: its size is a multiple of the logical sector size
 * @param blockMap filled from the BAT
 * @param bitmapPlaces where the sector bitmap blocks are; null if the disk has no parent
 * @param spaceMap every MiB of the file that belongs to something: the first, the log, all regions, the blocks, and the
 *     space that unmapped blocks still name
 * @param presentBlockCount the blocks that are present, fully or partially, damaged or not
 * @param activeSequence what the log holds to be replayed; null if nothing
 * @param replayedPageCount the pages that the sequence writes or zeroes
 * @param storage the file as it is after the replay: the file itself, or an overlay over it
 * @param fileSizeBytes the size of {@link #storage}
 */
public record LoadedImage(
        FileTypeIdentifier identifier,
        HeaderPair headers,
        Regions regions,
        ImageMetadata items,
        Geometry geometry,
        BlockMap blockMap,
        @Nullable BitmapPlaces bitmapPlaces,
        SpaceMap spaceMap,
        long presentBlockCount,
        @Nullable ActiveSequence activeSequence,
        long replayedPageCount,
        Storage storage,
        long fileSizeBytes) {

    /** The values of the items that every image has. */
    public DiskMetadata metadata() {
        return items.disk();
    }

    /** What of the file belongs to structures: all of {@link #spaceMap} but the blocks. */
    public SpaceMap structureSpace() {
        return ImageLoader.spaceOf(ImageLoader.structures(headers.current(), regions, fileSizeBytes));
    }

    /** Whether the image is a differencing one. */
    public boolean hasParent() {
        return metadata().fileParameters().hasParent();
    }

    /** Whether the header says that the log is in use: {@link #replay} has to come before any other change. */
    public boolean needsReplay() {
        return headers.current().isLogInUse();
    }

    /**
     * Replays the log to the file and marks it empty. The maps stay the same: they were read through the log.
     *
     * @param file the storage from which this image was loaded, open for writing
     * @param fileWriteGuid a new random GUID, as the replay is a change of the file
     * @return this image as it is afterwards
     */
    public LoadedImage replay(Storage file, UUID fileWriteGuid) throws IOException {
        HeaderUpdate update = new HeaderUpdate(file, headers);
        LogReplay.replay(file, update, activeSequence, fileWriteGuid);
        return new LoadedImage(
                identifier,
                update.headers(),
                regions,
                items,
                geometry,
                blockMap,
                bitmapPlaces,
                spaceMap,
                presentBlockCount,
                null,
                0,
                file,
                file.size());
    }
}
