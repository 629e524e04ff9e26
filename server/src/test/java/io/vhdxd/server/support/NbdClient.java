package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TransmissionMode;
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
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.LongToIntFunction;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** A client that sends what a test tells it, byte by byte, and blocks until it gets an answer. */
public final class NbdClient implements AutoCloseable {
    private static final int OPTION_ACK = 1;

    /** The client flags FIXED_NEWSTYLE and NO_ZEROES. */
    public static final int NO_ZEROES_AND_FIXED = 3;

    private final SocketChannel channel;
    private DataInputStream in;
    private DataOutputStream out;
    private @Nullable SSLSocket tls;
    private TransmissionMode mode = TransmissionMode.SIMPLE;

    /**
     * One piece of a reply; a simple reply is one piece.
     *
     * @param requestOffset what an extended header repeats of the request; 0 in others
     */
    public record Chunk(
            boolean simple, boolean done, int type, int error, long cookie, long requestOffset, ByteBuffer content) {
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

    /** Connects, reads the greeting, and answers it. */
    public static NbdClient connect(ListenAddress address) throws IOException {
        NbdClient client = connectSilently(address);
        client.out.writeInt(NO_ZEROES_AND_FIXED);
        return client;
    }

    /** Connects, and reads the greeting. */
    public static NbdClient connectSilently(ListenAddress address) throws IOException {
        SocketAddress socketAddress = switch (address) {
            case ListenAddress.Tcp tcp -> new InetSocketAddress(InetAddress.getByName(tcp.host()), tcp.port());
            case ListenAddress.Unix unix -> UnixDomainSocketAddress.of(unix.path());
        };
        NbdClient client = new NbdClient(SocketChannel.open(socketAddress));
        client.in.readFully(new byte[18]);
        return client;
    }

    /** Connects, encrypts the connection, and enters the transmission phase. */
    public static NbdClient encrypted(
            ListenAddress address, SSLContext context, String export, TransmissionMode mode, String... contexts)
            throws IOException {
        NbdClient client = connect(address);
        client.startTls(context);
        client.enter(export, mode, contexts);
        return client;
    }

    /** Connects, and enters the transmission phase with simple replies. */
    public static NbdClient simple(ListenAddress address, String export) throws IOException {
        return transmitting(address, export, TransmissionMode.SIMPLE);
    }

    /** Connects, and enters the transmission phase with structured replies and {@code base:allocation}. */
    public static NbdClient structured(ListenAddress address, String export) throws IOException {
        return transmitting(address, export, TransmissionMode.STRUCTURED, "base:allocation");
    }

    /** Connects, and enters the transmission phase. */
    public static NbdClient transmitting(
            ListenAddress address, String export, TransmissionMode mode, String... contexts) throws IOException {
        NbdClient client = connect(address);
        client.enter(export, mode, contexts);
        return client;
    }

    private void enter(String export, TransmissionMode wanted, String... contexts) throws IOException {
        negotiate(wanted);
        if (contexts.length > 0) {
            selectContexts(export, contexts);
        }
        go(export);
    }

    /** Has the connection encrypted, with the newest version of TLS that both sides know. */
    public void startTls(SSLContext context) throws IOException {
        option(OptionCode.STARTTLS.wireValue(), new byte[0]);
        assertThat(optionReply()).isEqualTo(OPTION_ACK);
        beginTls(context);
    }

    /** Goes through the handshake of TLS, in whatever state the server is. */
    public void beginTls(SSLContext context, String... versions) throws IOException {
        tls = (SSLSocket) context.getSocketFactory().createSocket(channel.socket(), "localhost", 0, true);
        if (versions.length > 0) {
            tls.setEnabledProtocols(versions);
        }
        tls.startHandshake();
        in = new DataInputStream(tls.getInputStream());
        out = new DataOutputStream(tls.getOutputStream());
    }

    /** What encrypts the connection. */
    public SSLSocket tls() {
        return Objects.requireNonNull(tls);
    }

    /** Agrees on the headers of the transmission phase. */
    public void negotiate(TransmissionMode wanted) throws IOException {
        switch (wanted) {
            case SIMPLE -> {}
            case STRUCTURED -> option(OptionCode.STRUCTURED_REPLY.wireValue(), new byte[0]);
            case EXTENDED -> option(OptionCode.EXTENDED_HEADERS.wireValue(), new byte[0]);
        }
        if (wanted.hasChunks()) {
            assertThat(optionReply()).isEqualTo(OPTION_ACK);
        }
        mode = wanted;
    }

    public TransmissionMode mode() {
        return mode;
    }

    public void selectContexts(String export, String... contexts) throws IOException {
        option(OptionCode.SET_META_CONTEXT.wireValue(), contextData(export, contexts));
        untilAck();
    }

    /** The data of LIST_META_CONTEXT and SET_META_CONTEXT. */
    public static byte[] contextData(String export, String... queries) {
        byte[][] strings = Stream.concat(Stream.of(export), Arrays.stream(queries))
                .map(string -> string.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        ByteBuffer data = ByteBuffer.allocate(
                4 + Arrays.stream(strings).mapToInt(string -> 4 + string.length).sum());
        data.putInt(strings[0].length).put(strings[0]).putInt(queries.length);
        for (int i = 1; i < strings.length; i++) {
            data.putInt(strings[i].length).put(strings[i]);
        }
        return data.array();
    }

    /** Enters the transmission phase by EXPORT_NAME; returns the flags that the server tells. */
    public int exportName(String export) throws IOException {
        option(OptionCode.EXPORT_NAME.wireValue(), export.getBytes(StandardCharsets.UTF_8));
        in.readLong();
        return in.readUnsignedShort();
    }

    public void go(String export) throws IOException {
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
        send(ownHeader(command, flags, cookie, offset, length));
    }

    /** Sends a WRITE with its payload. */
    public void write(int flags, long cookie, long offset, byte[] payload) throws IOException {
        request(Command.WRITE, flags, cookie, offset, payload);
    }

    /** Sends a request with a payload. */
    public void request(int command, int flags, long cookie, long offset, byte[] payload) throws IOException {
        int payloadFlag = mode == TransmissionMode.EXTENDED ? CommandFlags.PAYLOAD_LEN : 0;
        byte[] header = ownHeader(command, flags | payloadFlag, cookie, offset, payload.length);
        send(ByteBuffer.allocate(header.length + payload.length)
                .put(header)
                .put(payload)
                .array());
    }

    private byte[] ownHeader(int command, int flags, long cookie, long offset, long length) {
        return mode == TransmissionMode.EXTENDED
                ? extendedHeader(command, flags, cookie, offset, length).array()
                : header(command, flags, cookie, offset, length).array();
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

    public static ByteBuffer extendedHeader(int command, int flags, long cookie, long offset, long length) {
        return ByteBuffer.allocate(32)
                .putInt(Magic.EXTENDED_REQUEST)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(cookie)
                .putLong(offset)
                .putLong(length);
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
        if (tls != null) {
            tls.shutdownOutput();
        }
        channel.shutdownOutput();
    }

    /** Reads one simple reply, with so much data if it tells success. */
    public Chunk simpleReply(int length) throws IOException {
        Chunk reply = chunk(cookie -> length);
        assertThat(reply.simple()).isTrue();
        return reply;
    }

    /** Reads one chunk, or one simple reply without data. */
    public Chunk chunk() throws IOException {
        return chunk(cookie -> 0);
    }

    /**
     * Reads one chunk, or one simple reply.
     *
     * @param dataBytes how much data comes with a simple reply, by its cookie
     */
    public Chunk chunk(LongToIntFunction dataBytes) throws IOException {
        int magic = in.readInt();
        if (magic == Magic.SIMPLE_REPLY && mode != TransmissionMode.EXTENDED) {
            int error = in.readInt();
            long cookie = in.readLong();
            byte[] data = new byte[error == 0 ? dataBytes.applyAsInt(cookie) : 0];
            in.readFully(data);
            return new Chunk(true, true, 0, error, cookie, 0, ByteBuffer.wrap(data));
        }
        boolean extended = mode == TransmissionMode.EXTENDED;
        assertThat(magic).isEqualTo(extended ? Magic.EXTENDED_REPLY : Magic.STRUCTURED_REPLY);
        int flags = in.readUnsignedShort();
        int type = in.readUnsignedShort();
        long cookie = in.readLong();
        long requestOffset = extended ? in.readLong() : 0;
        byte[] content = new byte[Math.toIntExact(extended ? in.readLong() : in.readInt())];
        in.readFully(content);
        boolean isError = (type & 0x8000) != 0;
        int error = isError ? ByteBuffer.wrap(content).getInt() : 0;
        return new Chunk(false, (flags & 1) != 0, type, error, cookie, requestOffset, ByteBuffer.wrap(content));
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
        if (mode == TransmissionMode.SIMPLE) {
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

    /** Everything that comes until the server closes the connection. */
    public byte[] untilEnd() throws IOException {
        return in.readAllBytes();
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
