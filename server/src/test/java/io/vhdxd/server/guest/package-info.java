/**
 * Linux's own NBD client, and QEMU with a guest that runs, against {@code vhdxd serve} in a process of its own.
 *
 * <p>{@link io.vhdxd.server.guest.Guest} is a small Linux in QEMU, made by {@code build/guest.sh}. It is emulated, so that
 * the tests run wherever QEMU does; what it checks is what a kernel sees, not how fast.
 */
@NullMarked
package io.vhdxd.server.guest;

import org.jspecify.annotations.NullMarked;
