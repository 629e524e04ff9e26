/**
 * Sockets: {@link io.vhdxd.server.net.NbdServer} listens on {@link io.vhdxd.server.net.ListenAddress}es, and gives each
 * connection its pipeline. {@code Transport} chooses between epoll and NIO; {@code UnixSocketFile} looks after the files of
 * Unix sockets; {@code SocketProbe} tells whether a client has gone.
 *
 * <p>May depend on: the protocol's codec, {@code export}, {@code session}, Netty.
 */
@NullMarked
package io.vhdxd.server.net;

import org.jspecify.annotations.NullMarked;
