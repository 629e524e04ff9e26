/**
 * The handshake ("fixed newstyle" option haggling) as a pure state machine: numbers and bytes in, replies and decisions
 * out; no I/O, no threads.
 *
 * <p>Start at {@link io.vhdxd.nbd.handshake.Handshake}. It hands each option to the class of its family:
 * {@code InfoOptions} (INFO, GO), {@code ExportNameOption}, {@code ListOption}, {@code MetaContextOptions},
 * {@code HeaderOptions} (STRUCTURED_REPLY, EXTENDED_HEADERS); ABORT and STARTTLS it answers itself. What the server offers comes from its
 * {@link io.vhdxd.nbd.handshake.ExportDirectory}; what happens next is an {@link io.vhdxd.nbd.handshake.Outcome}.
 *
 * <p>May depend on: {@code io.vhdxd.nbd}, the JDK.
 */
@NullMarked
package io.vhdxd.nbd.handshake;

import org.jspecify.annotations.NullMarked;
