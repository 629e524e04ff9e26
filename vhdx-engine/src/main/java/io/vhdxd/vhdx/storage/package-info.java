/**
 * The file under an image.
 *
 * <p>{@link io.vhdxd.vhdx.storage.Storage} is the only way in which the engine touches a file, so that the same engine
 * runs on Linux's system calls, on a portable fallback, and on the simulated disk of the tests, which loses and tears
 * what was not synced. {@link io.vhdxd.vhdx.storage.Storages} opens the one that fits the machine.
 *
 * <p>On Linux that is {@link io.vhdxd.vhdx.storage.LinuxStorage}. It calls the C library through
 * {@link io.vhdxd.vhdx.storage.Libc}; {@link io.vhdxd.vhdx.storage.LinuxFiles} opens and makes its files,
 * {@link io.vhdxd.vhdx.storage.ImageLock} locks them in a way that QEMU sees, and
 * {@link io.vhdxd.vhdx.storage.SpaceCalls} takes and gives back their space. Elsewhere it is
 * {@link io.vhdxd.vhdx.storage.ChannelStorage}. Nothing here is ever closed by the interruption of a thread, except in
 * that fallback.
 *
 * <p>May depend on: the JDK.
 */
@NullMarked
package io.vhdxd.vhdx.storage;

import org.jspecify.annotations.NullMarked;
