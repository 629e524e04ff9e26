package io.vhdxd.server.remote;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A connection whose reads and writes are complete, or fail when nothing has moved for a time. For one thread at a time. */
final class Wire implements Closeable {
    private final SocketChannel channel;
    private final Selector selector;
    private final SelectionKey key;
    private final long timeoutMillis;

    private Wire(SocketChannel channel, Selector selector, SelectionKey key, long timeoutMillis) {
        this.channel = channel;
        this.selector = selector;
        this.key = key;
        this.timeoutMillis = timeoutMillis;
    }

    /**
     * Connects.
     *
     * @param timeoutMillis the longest time without any progress, of the connecting and of everything after it
     */
    static Wire connect(NbdUri.Place place, long timeoutMillis) throws IOException {
        SocketAddress address = address(place);
        boolean unix = place instanceof NbdUri.Unix;
        SocketChannel channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
        try {
            channel.configureBlocking(false);
            if (!unix) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            Selector selector = Selector.open();
            try {
                Wire wire = new Wire(channel, selector, channel.register(selector, 0), timeoutMillis);
                if (!channel.connect(address)) {
                    while (!channel.finishConnect()) {
                        wire.await(SelectionKey.OP_CONNECT, "it has not taken the connection");
                    }
                }
                return wire;
            } catch (IOException | RuntimeException | Error e) {
                selector.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    private static SocketAddress address(NbdUri.Place place) throws UnknownHostException {
        return switch (place) {
            case NbdUri.Unix unix -> UnixDomainSocketAddress.of(unix.socket());
            case NbdUri.Tcp tcp -> {
                InetSocketAddress address = new InetSocketAddress(tcp.host(), tcp.port());
                if (address.isUnresolved()) {
                    throw new UnknownHostException("the host " + tcp.host() + " is not known");
                }
                yield address;
            }
        };
    }

    /** Fills the buffer. */
    void read(ByteBuffer dst) throws IOException {
        while (dst.hasRemaining()) {
            int count = channel.read(dst);
            if (count < 0) {
                throw new EOFException("it has closed the connection");
            }
            if (count == 0) {
                await(SelectionKey.OP_READ, "it has not answered");
            }
        }
    }

    /** The next bytes, ready to be read; big-endian, as all of the protocol. */
    ByteBuffer read(int byteCount) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(byteCount);
        read(bytes);
        return bytes.flip();
    }

    /** Sends all of the buffers. */
    void write(ByteBuffer... srcs) throws IOException {
        while (srcs[srcs.length - 1].hasRemaining()) {
            if (channel.write(srcs) == 0) {
                await(SelectionKey.OP_WRITE, "it has taken nothing");
            }
        }
    }

    private void await(int operation, String otherwise) throws IOException {
        key.interestOps(operation);
        if (selector.select(timeoutMillis) == 0) {
            throw new InterruptedIOException(otherwise + " for " + timeoutMillis + " ms");
        }
        selector.selectedKeys().clear();
    }

    @Override
    public void close() throws IOException {
        try {
            selector.close();
        } finally {
            channel.close();
        }
    }
}
