/**
 * A client of NBD servers, for copies of whole disks from and to them: one request at a time, blocking, and never longer than a
 * time limit without a byte from the other side.
 *
 * <p>Start at {@link io.vhdxd.server.remote.RemoteDisk}. {@link io.vhdxd.server.remote.NbdUri} says where the server is;
 * {@code Wire} is the connection, {@code ClientHandshake} the haggling, {@code Replies} what comes back of a request. Whatever a
 * server does, the outcome is what was asked for or a {@link io.vhdxd.server.remote.RemoteDiskException}. There is no TLS.
 *
 * <p>May depend on: {@code io.vhdxd.nbd}, the engine's face, the JDK.
 */
@NullMarked
package io.vhdxd.server.remote;

import org.jspecify.annotations.NullMarked;
