/**
 * From the bytes of a file to an image that can be served: {@link io.vhdxd.vhdx.load.ImageLoader} reads every structure in
 * the order in which they lean on each other (file type identifier, headers, log, region tables, metadata, BAT), checks
 * it, and returns a {@link io.vhdxd.vhdx.load.LoadedImage}.
 *
 * <p>What makes the image unreadable is thrown; everything less is told to the caller's {@link
 * io.vhdxd.vhdx.diagnosis.Findings}. Nothing here writes, except {@link
 * io.vhdxd.vhdx.load.LoadedImage#replay}, which brings a log to the file once its result has been seen to be sound.
 *
 * <p>May depend on: diagnosis, format, log, map, storage.
 */
@NullMarked
package io.vhdxd.vhdx.load;

import org.jspecify.annotations.NullMarked;
