/**
 * Reads, and what a range of the virtual disk is, from the block map, down the chain of parents; without the writer, on any
 * thread.
 *
 * <p>May depend on: bitmap, diagnosis, format, map, storage.
 */
@NullMarked
package io.vhdxd.vhdx.read;

import org.jspecify.annotations.NullMarked;
