/**
 * Every structure of [MS-VHDX] as an immutable value: how it is parsed, checked and encoded. All integers on disk are
 * little-endian, on any machine.
 *
 * <p>{@link io.vhdxd.vhdx.format.Geometry} holds the arithmetic of blocks, chunks and BAT indexes (section 2.5);
 * {@link io.vhdxd.vhdx.format.BatEntry} and {@link io.vhdxd.vhdx.format.PayloadBlockState} are what one entry of the
 * block allocation table says.
 *
 * <p>No I/O and no threads here. May depend on: diagnosis, the JDK.
 */
@NullMarked
package io.vhdxd.vhdx.format;

import org.jspecify.annotations.NullMarked;
