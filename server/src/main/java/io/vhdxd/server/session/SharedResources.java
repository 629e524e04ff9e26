package io.vhdxd.server.session;

import io.netty.channel.Channel;
import java.util.function.Predicate;

/**
 * What all sessions of a server share.
 *
 * @param limits what one connection may have under way
 * @param budget what all connections may have under way
 * @param ioPool threads for what may have to wait
 * @param sessions the sessions that are not over
 * @param clientGone whether a client has closed its side of a connection, even if there is still something to be read from
 *     it; asked on the connection's event loop
 */
record SharedResources(
        SessionLimits limits, ByteBudget budget, IoPool ioPool, Sessions sessions, Predicate<Channel> clientGone) {}
