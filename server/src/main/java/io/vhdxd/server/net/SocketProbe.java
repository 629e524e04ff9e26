package io.vhdxd.server.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.vhdxd.server.session.ClientProbe;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Asks Linux about the client of a connection. Only epoll's channels can be asked; a client on another channel counts as
 * present.
 */
final class SocketProbe implements ClientProbe {
    /** {@code TCP_ESTABLISHED} of Linux. In every other state of an accepted connection, one side has closed it. */
    private static final int TCP_ESTABLISHED = 1;

    /**
     * The end of a stream can be hidden only if the window that Linux offers is full of unread bytes; the smallest one that it
     * begins with is twice as large.
     */
    private static final int HIDING_BYTES_MIN = 32 << 10;

    /** When Linux asks a client that is silent whether it is there, and how often if there is no answer. */
    static final int KEEPALIVE_IDLE_SECONDS = 30;

    static final int KEEPALIVE_INTERVAL_SECONDS = 10;

    private static final int OFTEN_SECONDS = 1;

    /** Linux tells times in ticks of its clock; two of the longest ones. */
    private static final int TICKS_MILLIS = 20;

    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(1);

    @Override
    public boolean isQuiet(Channel channel) {
        return channel instanceof EpollSocketChannel tcp
                && tcp.isActive()
                && SocketQueues.isQuiet(tcp.fd().intValue());
    }

    @Override
    public boolean isGone(Channel channel) {
        return switch (channel) {
            case EpollSocketChannel tcp -> isTcpClientGone(tcp);
            case EpollDomainSocketChannel unix -> isUnixClientGone(unix);
            default -> !channel.isActive();
        };
    }

    @Override
    public boolean mayHideEnd(Channel channel) {
        return channel instanceof EpollSocketChannel tcp
                && SocketQueues.unreadBytes(tcp.fd().intValue()) >= HIDING_BYTES_MIN;
    }

    @Override
    public boolean isHeard(Channel channel, long lastMillis) {
        return !(channel instanceof EpollSocketChannel tcp) || tcp.tcpInfo().lastAckRecv() + TICKS_MILLIS <= lastMillis;
    }

    @Override
    public void askOften(Channel channel, boolean often) {
        if (channel instanceof EpollSocketChannel tcp && tcp.isOpen()) {
            tcp.config().setTcpKeepIntvl(often ? OFTEN_SECONDS : KEEPALIVE_INTERVAL_SECONDS);
            tcp.config().setTcpKeepIdle(often ? OFTEN_SECONDS : KEEPALIVE_IDLE_SECONDS);
        }
    }

    @Override
    public long unacknowledgedBytes(Channel channel) {
        return channel instanceof EpollSocketChannel tcp
                ? SocketQueues.unacknowledgedBytes(tcp.fd().intValue())
                : 0;
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
