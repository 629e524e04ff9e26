package io.vhdxd.server.session;

import io.vhdxd.nbd.codec.ReceiveMemory;

/**
 * What all sessions of a server share.
 *
 * @param limits what one connection may have under way
 * @param budget what all connections may have under way
 * @param receiveMemory what the buffers for requests may take
 * @param ioPool threads for what may have to wait
 * @param sessions the sessions that are not over
 * @param clientProbe what the system knows of the clients
 */
record SharedResources(
        SessionLimits limits,
        ByteBudget budget,
        ReceiveMemory receiveMemory,
        IoPool ioPool,
        Sessions sessions,
        ClientProbe clientProbe) {}
