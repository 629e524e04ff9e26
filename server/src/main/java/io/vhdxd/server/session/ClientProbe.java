package io.vhdxd.server.session;

import io.netty.channel.Channel;

/**
 * What the system knows of the client at the other end of a connection. Asked on the connection's event loop.
 *
 * <p>The end of a stream shows itself only behind its last byte. On a Unix socket it can be asked for; on TCP it is hidden
 * as long as bytes before it do not fit into the socket of a server that has stopped reading.
 */
public interface ClientProbe {
    /**
     * Whether everything that has come from the client has been read, and it has not closed its side. That is so for most
     * connections, and quickly asked; where it is not known, the answer is no.
     */
    boolean isQuiet(Channel channel);

    /** Whether the client has closed its side, even if not everything that it sent has been read yet. */
    boolean isGone(Channel channel);

    /** Whether the client may have closed its side although {@link #isGone} does not know yet. */
    boolean mayHideEnd(Channel channel);

    /** How many bytes the socket has taken that the client's system has not acknowledged. */
    long unacknowledgedBytes(Channel channel);
}
