/**
 * Damaged images by chance. {@code ImageMutation} turns bytes into an image whose fields are wrong and whose checksums are right, so
 * that the damage gets behind them; {@code ImageExercise} opens it, reads it, writes to it and opens it again.
 */
@NullMarked
package io.vhdxd.vhdx.fuzz;

import org.jspecify.annotations.NullMarked;
