package io.vhdxd.server.session;

import io.netty.channel.Channel;

/**
 * What the system knows of the client at the other end of a connection. Asked on the connection's event loop.
 *
 * <p>The end of a stream shows itself only behind its last byte. On a Unix socket it can be asked for; on TCP it is hidden
 * as long as bytes before it do not fit into the socket of a server that has stopped reading. A client whose machine is gone
 * leaves no end at all: all that can be seen is whether its system still acknowledges anything.
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

    /**
     * Whether the client's system has acknowledged something, were it only that it is there, in the last milliseconds. Always,
     * where a client cannot vanish without a trace.
     */
    boolean isHeard(Channel channel, long lastMillis);

    /** From now on has the client's system asked every second whether it is there, or as seldom as usual. */
    void askOften(Channel channel, boolean often);

    /** How many bytes the socket has taken that the client's system has not acknowledged. */
    long unacknowledgedBytes(Channel channel);
}
