/**
 * A simulated disk for tests.
 *
 * <p>Start with {@link io.vhdxd.vhdx.storage.simulated.SimulatedStorage}: its page tells what a crash may do to a file.
 * It records what was done to it as {@link io.vhdxd.vhdx.storage.simulated.Operation}s, and makes the file that a crash
 * leaves from a {@link io.vhdxd.vhdx.storage.simulated.Fate} for each of them.
 *
 * <p>May depend on: storage.
 */
@NullMarked
package io.vhdxd.vhdx.storage.simulated;

import org.jspecify.annotations.NullMarked;
