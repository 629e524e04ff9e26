/**
 * The log as an image's opening sees it: what it holds, and how that gets to its place ([MS-VHDX] 2.3).
 *
 * <p>{@link io.vhdxd.vhdx.log.LogScanner} finds the active sequence: the entries that a crash may have left unapplied.
 * An image that is opened for reading sees them through {@link io.vhdxd.vhdx.log.OverlayStorage}, which changes nothing;
 * {@link io.vhdxd.vhdx.log.LogReplay} brings them to the file. {@link io.vhdxd.vhdx.log.HeaderUpdate} writes the two headers
 * in the only safe order, for the replay as well as for the writer.
 *
 * <p>The log is hostile input: it is read in slices, an entry is believed only when all of it was checked, and no more
 * than a few bytes of memory are kept for each of its sectors.
 *
 * <p>May depend on: diagnosis, format, storage.
 */
@NullMarked
package io.vhdxd.vhdx.log;

import org.jspecify.annotations.NullMarked;
