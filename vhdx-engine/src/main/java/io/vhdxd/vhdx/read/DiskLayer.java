package io.vhdxd.vhdx.read;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import org.jspecify.annotations.Nullable;

/**
 * One image of a chain, as reads see it.
 *
 * @param name for errors
 * @param bitmaps null if the image has no parent
 * @param storage the file as it is after the replay of its log
 * @param openedSizeBytes the file's size when it was opened. A block may reach beyond that: some programs end the file
 *     within the last block, whose rest is zeros
 */
public record DiskLayer(
        String name,
        Geometry geometry,
        BlockMap map,
        @Nullable SectorBitmaps bitmaps,
        Storage storage,
        long openedSizeBytes) {}
