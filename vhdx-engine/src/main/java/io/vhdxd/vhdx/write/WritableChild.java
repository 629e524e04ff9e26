package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.bitmap.SectorBitmaps;

/**
 * What a writer has to know of a differencing image besides all else.
 *
 * @param bitmaps the ones that readers of the image use
 * @param parent is only ever read
 * @param parentSizeBytes the size of the parent's disk; it reads as zeros behind that
 */
public record WritableChild(SectorBitmaps bitmaps, ParentContent parent, long parentSizeBytes) {}
