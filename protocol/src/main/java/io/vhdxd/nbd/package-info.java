/**
 * The NBD protocol as values: magic numbers, codes, flags, limits, and the messages of the transmission phase. Names and
 * rules are those of the protocol's specification (doc/proto.md of NetworkBlockDevice/nbd); everything on the wire is
 * big-endian.
 *
 * <p>Start at {@link io.vhdxd.nbd.ExportInfo} (what a server offers), {@link io.vhdxd.nbd.NegotiatedSession} (what one
 * client has agreed on) and {@link io.vhdxd.nbd.Request} (what it then asks for). {@link io.vhdxd.nbd.RequestValidator}
 * holds every rule that a request must keep. The sub-packages {@code handshake} and {@code codec} turn bytes into these
 * values.
 *
 * <p>May depend on: the JDK.
 */
@NullMarked
package io.vhdxd.nbd;

import org.jspecify.annotations.NullMarked;
