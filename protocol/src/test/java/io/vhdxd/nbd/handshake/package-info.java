/** Tests of the handshake, without a connection: one class per option, and per way to misbehave. */
@NullMarked
package io.vhdxd.nbd.handshake;

import org.jspecify.annotations.NullMarked;
