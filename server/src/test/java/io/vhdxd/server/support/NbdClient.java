package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.server.net.ListenAddress;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A client that sends what a test tells it, byte by byte, and blocks until it gets an answer. */
public final class NbdClient implements AutoCloseable {
    private static final int OPTION_ACK = 1;
    private static final int NO_ZEROES_AND_FIXED = 3;

    private final SocketChannel channel;
    private final DataInputStream in;
    private final DataOutputStream out;
    private boolean structured;

    /** One piece of a reply; a simple reply is one piece. */
    public record Chunk(boolean simple, boolean done, int type, int error, long cookie, ByteBuffer content) {
        /** Everything behind the header. */
        public byte[] bytes() {
            byte[] bytes = new byte[content.capacity()];
            content.get(0, bytes);
            return bytes;
        }

        /** The text of an error chunk. */
        public String text() {
            ByteBuffer buffer = content.duplicate();
            buffer.getInt();
            byte[] text = new byte[buffer.getShort() & 0xffff];
            buffer.get(text);
            return new String(text, StandardCharsets.UTF_8);
        }
    }

    private NbdClient(SocketChannel channel) {
        this.channel = channel;
        this.in = new DataInputStream(Channels.newInputStream(channel));
        this.out = new DataOutputStream(Channels.newOutputStream(channel));
    }

    /** Connects, and reads the greeting. */
    public static NbdClient connect(ListenAddress address) throws IOException {
        SocketAddress socketAddress = switch (address) {
            case ListenAddress.Tcp tcp -> new InetSocketAddress(InetAddress.getByName(tcp.host()), tcp.port());
            case ListenAddress.Unix unix -> UnixDomainSocketAddress.of(unix.path());
        };
        NbdClient client = new NbdClient(SocketChannel.open(socketAddress));
        client.in.readFully(new byte[18]);
        client.out.writeInt(NO_ZEROES_AND_FIXED);
        return client;
    }

    /** Connects, and enters the transmission phase with simple replies. */
    public static NbdClient simple(ListenAddress address, String export) throws IOException {
        NbdClient client = connect(address);
        client.go(export);
        return client;
    }

    /** Connects, and enters the transmission phase with structured replies and {@code base:allocation}. */
    public static NbdClient structured(ListenAddress address, String export) throws IOException {
        NbdClient client = connect(address);
        client.option(OptionCode.STRUCTURED_REPLY.wireValue(), new byte[0]);
        assertThat(client.optionReply()).isEqualTo(OPTION_ACK);
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        byte[] query = "base:allocation".getBytes(StandardCharsets.UTF_8);
        client.option(
                OptionCode.SET_META_CONTEXT.wireValue(),
                ByteBuffer.allocate(4 + name.length + 4 + 4 + query.length)
                        .putInt(name.length)
                        .put(name)
                        .putInt(1)
                        .putInt(query.length)
                        .put(query)
                        .array());
        client.untilAck();
        client.go(export);
        client.structured = true;
        return client;
    }

    private void go(String export) throws IOException {
        sendGo(export);
        untilAck();
    }

    /** Asks to enter the transmission phase, and does not wait for an answer. */
    public void sendGo(String export) throws IOException {
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        option(
                OptionCode.GO.wireValue(),
                ByteBuffer.allocate(6 + name.length)
                        .putInt(name.length)
                        .put(name)
                        .putShort((short) 0)
                        .array());
    }

    public void option(int code, byte[] data) throws IOException {
        send(ByteBuffer.allocate(16 + data.length)
                .putLong(Magic.OPTION)
                .putInt(code)
                .putInt(data.length)
                .put(data)
                .array());
    }

    /** Reads one reply to an option; returns its type. */
    public int optionReply() throws IOException {
        in.readLong();
        in.readInt();
        int type = in.readInt();
        in.readFully(new byte[in.readInt()]);
        return type;
    }

    /** Reads replies to an option until the last one, which must not be an error. */
    public void untilAck() throws IOException {
        int type;
        do {
            type = optionReply();
            assertThat(type).isPositive();
        } while (type != OPTION_ACK);
    }

    /** Whether nothing has come from the server that was not read; if not, what has come is lost. */
    public boolean isQuiet() throws IOException {
        channel.configureBlocking(false);
        try {
            return channel.read(ByteBuffer.allocate(1)) == 0;
        } finally {
            channel.configureBlocking(true);
        }
    }

    public void request(int command, int flags, long cookie, long offset, long length) throws IOException {
        send(header(command, flags, cookie, offset, length).array());
    }

    /** Sends a WRITE with its payload. */
    public void write(int flags, long cookie, long offset, byte[] payload) throws IOException {
        send(ByteBuffer.allocate(28 + payload.length)
                .put(header(Command.WRITE, flags, cookie, offset, payload.length)
                        .array())
                .put(payload)
                .array());
    }

    public static ByteBuffer header(int command, int flags, long cookie, long offset, long length) {
        return ByteBuffer.allocate(28)
                .putInt(Magic.REQUEST)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(cookie)
                .putLong(offset)
                .putInt((int) length);
    }

    public void send(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /** Sends as much as the server takes without being read from; returns how much that was. */
    public int sendWithoutWaiting(ByteBuffer bytes) throws IOException {
        channel.configureBlocking(false);
        try {
            int before = bytes.position();
            while (bytes.hasRemaining() && channel.write(bytes) > 0) {
                // Goes on until the socket is full.
            }
            return bytes.position() - before;
        } finally {
            channel.configureBlocking(true);
        }
    }

    /** Tells the server that nothing more comes. */
    public void endInput() throws IOException {
        channel.shutdownOutput();
    }

    /** Reads one simple reply, with so much data if it tells success. */
    public Chunk simpleReply(int length) throws IOException {
        assertThat(in.readInt()).isEqualTo(Magic.SIMPLE_REPLY);
        int error = in.readInt();
        long cookie = in.readLong();
        byte[] content = new byte[error == 0 ? length : 0];
        in.readFully(content);
        return new Chunk(true, true, 0, error, cookie, ByteBuffer.wrap(content));
    }

    /** Reads one chunk, or one simple reply without data. */
    public Chunk chunk() throws IOException {
        int magic = in.readInt();
        if (magic == Magic.SIMPLE_REPLY) {
            return new Chunk(true, true, 0, in.readInt(), in.readLong(), ByteBuffer.allocate(0));
        }
        assertThat(magic).isEqualTo(Magic.STRUCTURED_REPLY);
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        long cookie = in.readLong();
        byte[] content = new byte[in.readInt()];
        in.readFully(content);
        boolean isError = (type & 0x8000) != 0;
        int error = isError ? ByteBuffer.wrap(content).getInt() : 0;
        return new Chunk(false, (flags & 1) != 0, type, error, cookie, ByteBuffer.wrap(content));
    }

    /** Reads the chunks of one reply. */
    public List<Chunk> chunks() throws IOException {
        List<Chunk> chunks = new ArrayList<>();
        do {
            chunks.add(chunk());
        } while (!chunks.getLast().done());
        return chunks;
    }

    /** Reads the reply to a command without data; returns its error, 0 for success. */
    public int outcome() throws IOException {
        return chunk().error();
    }

    /** READ of a range, put together from the chunks of its reply if it is structured. */
    public byte[] read(long offset, int length) throws IOException {
        request(Command.READ, 0, 4711, offset, length);
        if (!structured) {
            Chunk reply = simpleReply(length);
            assertThat(reply.error()).isZero();
            return reply.bytes();
        }
        byte[] data = new byte[length];
        for (Chunk chunk : chunks()) {
            assertThat(chunk.error()).isZero();
            if (chunk.type() == 1) {
                ByteBuffer content = chunk.content();
                int at = (int) (content.getLong() - offset);
                content.get(data, at, content.remaining());
            }
        }
        return data;
    }

    /** Waits for the server to close the connection; what comes before is thrown away. */
    public void awaitEnd() throws IOException {
        try {
            while (in.read(new byte[1 << 16]) >= 0) {
                // Thrown away.
            }
        } catch (IOException e) {
            // A reset is an end as well.
        }
    }

    /** Whether the connection ends here, with no more bytes. */
    public boolean isAtEnd() throws IOException {
        try {
            in.readByte();
            return false;
        } catch (EOFException e) {
            return true;
        }
    }

    /** Closes the connection with a reset, as if the client's machine had been told that the process is gone. */
    public void reset() throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
