/**
 * The VHDX engine's public face. Start at {@link io.vhdxd.vhdx.VhdxImage}: it opens an image, reads and overwrites on the
 * caller's thread, and hands everything else to the image's writer. {@link io.vhdxd.vhdx.ImageCreation} makes new
 * images, {@link io.vhdxd.vhdx.ImageCheck} judges existing ones.
 *
 * <p>Behind it: {@code format} (the structures), {@code storage} (the file), {@code load} (from bytes to a block map),
 * {@code log} (finding and replaying the log), {@code map} (the block map), {@code read}, {@code write} (the writer actor),
 * {@code request} (what can be asked of it), {@code diagnosis} (what can be wrong).
 *
 * <p>The engine logs nothing and depends on nothing but the JDK: what its user has to know comes back as values,
 * {@link io.vhdxd.vhdx.diagnosis.Finding}s and exceptions.
 */
@NullMarked
package io.vhdxd.vhdx;

import org.jspecify.annotations.NullMarked;
