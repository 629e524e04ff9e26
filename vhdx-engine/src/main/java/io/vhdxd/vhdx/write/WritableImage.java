package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.format.RegionEntry;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.Storage;
import org.jspecify.annotations.Nullable;

/**
 * What a writer has to know of an image. Its log is empty and its headers say so.
 *
 * @param name for threads and errors
 * @param storage the file, open for writing
 * @param fixed whether every block keeps its space for ever
 * @param spaceMap what of the file is used
 * @param presentBlockCount the payload blocks that have space of their own
 * @param bat the region of the BAT
 * @param metadata the metadata region
 * @param child what there is besides in a differencing image; null in others
 */
public record WritableImage(
        String name,
        Storage storage,
        Geometry geometry,
        boolean fixed,
        HeaderPair headers,
        BlockMap blockMap,
        SpaceMap spaceMap,
        long presentBlockCount,
        RegionEntry bat,
        RegionEntry metadata,
        long fileSizeBytes,
        @Nullable WritableChild child) {}
