package io.vhdxd.server.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A server that takes one connection and does what a test tells it, right or wrong. */
final class ScriptedServer implements AutoCloseable {
    /** What the server does with its connection, which ends then. */
    @FunctionalInterface
    interface Script {
        void run(ScriptedServer server) throws IOException;
    }

    private final ServerSocketChannel listener;
    private final NbdUri uri;
    private DataInputStream in = new DataInputStream(DataInputStream.nullInputStream());
    private DataOutputStream out = new DataOutputStream(DataOutputStream.nullOutputStream());

    ScriptedServer(Path directory, Script script) throws IOException {
        Path socket = Files.createTempDirectory(directory, "s").resolve("s");
        listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
        uri = NbdUri.parse("nbd+unix:///disk?socket=" + socket);
        Thread.ofPlatform().daemon().start(() -> serve(script));
    }

    NbdUri uri() {
        return uri;
    }

    private void serve(Script script) {
        try (SocketChannel channel = listener.accept()) {
            in = new DataInputStream(Channels.newInputStream(channel));
            out = new DataOutputStream(Channels.newOutputStream(channel));
            script.run(this);
        } catch (IOException e) {
            // The client has had enough, which is for the test to judge.
        }
    }

    /** Sends 16-bit (Short), 32-bit (Integer) and 64-bit (Long) numbers, and bytes. */
    void send(Object... parts) throws IOException {
        for (Object part : parts) {
            switch (part) {
                case Short number -> out.writeShort(number);
                case Integer number -> out.writeInt(number);
                case Long number -> out.writeLong(number);
                case byte[] bytes -> out.write(bytes);
                default -> throw new IllegalArgumentException(part.toString());
            }
        }
        out.flush();
    }

    void greet() throws IOException {
        send(Magic.GREETING, Magic.OPTION, (short) 3);
        assertThat(in.readInt()).isEqualTo(3);
    }

    /** Receives an option; its number. */
    int option() throws IOException {
        assertThat(in.readLong()).isEqualTo(Magic.OPTION);
        int number = in.readInt();
        in.skipNBytes(in.readInt());
        return number;
    }

    void answer(int option, int type, byte... data) throws IOException {
        send(Magic.OPTION_REPLY, option, type, data.length, data);
    }

    /** Goes through the handshake as a right server does that has no block status. */
    void handshake(boolean structured, long sizeBytes, int flags) throws IOException {
        greet();
        for (int option = option(); option != OptionCode.GO.wireValue(); option = option()) {
            boolean yes = structured && option == OptionCode.STRUCTURED_REPLY.wireValue();
            answer(option, (yes ? OptionReplyType.ACK : OptionReplyType.UNSUP).wireValue());
        }
        int go = OptionCode.GO.wireValue();
        ByteBuffer info =
                ByteBuffer.allocate(12).putShort((short) 0).putLong(sizeBytes).putShort((short) flags);
        answer(go, OptionReplyType.INFO.wireValue(), info.array());
        answer(go, OptionReplyType.ACK.wireValue());
    }

    /** Receives a request without its payload; its command. */
    int request() throws IOException {
        assertThat(in.readInt()).isEqualTo(Magic.REQUEST);
        in.readShort();
        int command = in.readShort();
        in.skipNBytes(Long.BYTES + Long.BYTES + Integer.BYTES);
        return command;
    }

    /** Receives, and goes on receiving until the client ends the connection. */
    void swallow() throws IOException {
        in.readAllBytes();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
