/**
 * The file under an image.
 *
 * <p>{@link io.vhdxd.vhdx.storage.Storage} is the only way in which the engine touches a file, so that the same engine
 * runs on Linux's system calls, on a portable fallback, and on the simulated disk of the tests, which loses and tears
 * what was not synced. {@link io.vhdxd.vhdx.storage.Storages} opens the one that fits the machine.
 *
 * <p>May depend on: the JDK.
 */
@NullMarked
package io.vhdxd.vhdx.storage;

import org.jspecify.annotations.NullMarked;
