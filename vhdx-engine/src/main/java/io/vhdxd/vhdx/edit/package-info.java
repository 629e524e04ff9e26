/**
 * Changes of whole images that nobody serves: what needs more than the writer of a served image does.
 *
 * <p>{@link io.vhdxd.vhdx.edit.Shrink} makes a disk smaller, {@link io.vhdxd.vhdx.edit.Compaction} a file; {@link
 * io.vhdxd.vhdx.edit.LocatorChange} gives an image another parent. They change an image by {@link
 * io.vhdxd.vhdx.write.LoggedEdits}, in steps of which a crash leaves each done or not done. Nothing here knows of file names.
 *
 * <p>May depend on: diagnosis, format, load, log, map, read, storage, write.
 */
@NullMarked
package io.vhdxd.vhdx.edit;

import org.jspecify.annotations.NullMarked;
