/**
 * The sector bitmaps of a differencing disk: which sectors of its partially present blocks are in its own file, and which
 * in its parent. {@link io.vhdxd.vhdx.bitmap.SectorBitmaps} is read by any thread without a lock, and changed by the writer
 * actor alone.
 *
 * <p>May depend on: format, map, storage.
 */
@NullMarked
package io.vhdxd.vhdx.bitmap;

import org.jspecify.annotations.NullMarked;
