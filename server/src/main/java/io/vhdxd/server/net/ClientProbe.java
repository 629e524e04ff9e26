package io.vhdxd.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Tells whether a client has closed its side of a connection, even if not everything that it sent has been read yet. The
 * end of a stream shows itself only behind its last byte; a server that has stopped reading, because too much is under way,
 * would not come to it.
 *
 * <p>Only epoll's channels can be asked. A client on another channel counts as present.
 */
final class ClientProbe {
    /** {@code TCP_ESTABLISHED} of Linux. In every other state of an accepted connection, one side has closed it. */
    private static final int TCP_ESTABLISHED = 1;

    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(1);

    private ClientProbe() {}

    static boolean isGone(Channel channel) {
        return switch (channel) {
            case EpollSocketChannel tcp -> isTcpClientGone(tcp);
            case EpollDomainSocketChannel unix -> isUnixClientGone(unix);
            default -> !channel.isActive();
        };
    }

    private static boolean isTcpClientGone(EpollSocketChannel channel) {
        try {
            return channel.tcpInfo().state() != TCP_ESTABLISHED;
        } catch (ChannelException e) {
            // There is no such socket any more.
            return true;
        }
    }

    /** Writing no bytes sends nothing, and still fails with EPIPE if nobody is there to read. */
    private static boolean isUnixClientGone(EpollDomainSocketChannel channel) {
        try {
            channel.fd().write(NOTHING, 0, 0);
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
