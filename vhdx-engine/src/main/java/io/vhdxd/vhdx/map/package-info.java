/**
 * The block map: where each payload block of an open image is. It is the engine's copy of the block allocation table,
 * read by any thread without a lock, changed by the writer actor alone.
 *
 * <p>May depend on: format.
 */
@NullMarked
package io.vhdxd.vhdx.map;

import org.jspecify.annotations.NullMarked;
