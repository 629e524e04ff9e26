package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.tls.TlsCertificates;
import io.vhdxd.server.net.tls.TlsSettings;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.Leaks;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName(
        "SEC-05, DC-04, reliability.md 51: a client may vanish at every byte; nothing is applied by halves or leaked")
class VanishTest {
    private static final int PAYLOAD_BYTES = 4096;

    /** Everything between the client's flags and the payload. */
    private static final int HEADERS_BYTES = 16 + 16 + 16 + 6 + TestServer.EXPORT.length() + 28;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @DisplayName("Every byte of the handshake, and of a WRITE, ended by a FIN and by a reset in turn")
    void everyByte() throws IOException {
        MemoryDisk disk = new MemoryDisk(1).allPresent();
        byte[] conversation = conversation();
        try (TestServer server = TestServer.of(disk)) {
            server.simpleClient().close();
            Await.until(() -> server.server().connectionCount() == 0);
            Leaks leaks = new Leaks();
            for (int length = 0; length < conversation.length; length++) {
                NbdClient client = NbdClient.connectSilently(server.address());
                client.send(Arrays.copyOf(conversation, length));
                vanish(client, length % 2 == 1);
                Await.until(() -> server.server().connectionCount() < 50);
            }
            Await.until(() -> server.server().connectionCount() == 0);
            assertUntouched(disk);
            leaks.assertNone();

            NbdClient client = NbdClient.connectSilently(server.address());
            client.send(conversation);
            Await.until(() -> disk.events().size() == 1);
            client.close();
        }
    }

    @Test
    @NeedsTool("openssl")
    @DisplayName("TLS-06, TLS-10: bytes of a TLS handshake, and of a conversation inside TLS, ended in the same ways")
    void underTls() throws IOException {
        MemoryDisk disk = new MemoryDisk(1).allPresent();
        byte[] conversation = Arrays.copyOfRange(conversation(), 4, conversation().length);
        Certificates certificates = Certificates.make(directory.resolve("certificates"));
        SSLContext context = certificates.stranger();
        try (TestServer server = TestServer.of(disk)) {
            ListenAddress address = server.server()
                    .listen(
                            new ListenAddress.Tcp("127.0.0.1", 0),
                            new TlsCertificates(new TlsSettings(certificates.directory(), false))
                                    .encryption(TlsMode.REQUIRE));
            NbdClient.encrypted(address, context, TestServer.EXPORT, TransmissionMode.SIMPLE)
                    .close();
            Await.until(() -> server.server().connectionCount() == 0);
            Leaks leaks = new Leaks();
            byte[] hello = clientHello();
            for (int length = 0; length < hello.length; length++) {
                NbdClient client = NbdClient.connect(address);
                client.option(OptionCode.STARTTLS.wireValue(), new byte[0]);
                assertThat(client.optionReply()).isEqualTo(OptionReplyType.ACK.wireValue());
                client.send(Arrays.copyOf(hello, length));
                vanish(client, length % 2 == 1);
                Await.until(() -> server.server().connectionCount() < 50);
            }
            for (int length = 0; length < conversation.length; length += length < HEADERS_BYTES ? 1 : 97) {
                NbdClient client = NbdClient.connect(address);
                client.startTls(context);
                client.send(Arrays.copyOf(conversation, length));
                vanish(client, length % 2 == 1);
                Await.until(() -> server.server().connectionCount() < 50);
            }
            Await.until(() -> server.server().connectionCount() == 0);
            assertUntouched(disk);
            leaks.assertNone();

            NbdClient client = NbdClient.connect(address);
            client.startTls(context);
            client.send(conversation);
            Await.until(() -> disk.events().size() == 1);
            client.close();
        }
    }

    /** What a client of the JDK begins a TLS handshake with. */
    private static byte[] clientHello() throws IOException {
        try {
            SSLEngine engine = SSLContext.getDefault().createSSLEngine();
            engine.setUseClientMode(true);
            ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
            engine.wrap(ByteBuffer.allocate(0), hello);
            return Arrays.copyOf(hello.array(), hello.position());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static void vanish(NbdClient client, boolean reset) throws IOException {
        if (reset) {
            client.reset();
        } else {
            client.close();
        }
    }

    private static void assertUntouched(MemoryDisk disk) {
        assertThat(disk.events()).isEmpty();
        assertThat(disk.content()).isEqualTo(new byte[MemoryDisk.BLOCK_BYTES]);
    }

    /** A handshake, and a WRITE. */
    private static byte[] conversation() {
        byte[] name = TestServer.EXPORT.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[PAYLOAD_BYTES];
        Arrays.fill(payload, (byte) 7);
        return ByteBuffer.allocate(4 + HEADERS_BYTES + PAYLOAD_BYTES)
                .putInt(NbdClient.NO_ZEROES_AND_FIXED)
                .putLong(Magic.OPTION)
                .putInt(OptionCode.STRUCTURED_REPLY.wireValue())
                .putInt(0)
                .putLong(Magic.OPTION)
                .putInt(OptionCode.LIST.wireValue())
                .putInt(0)
                .putLong(Magic.OPTION)
                .putInt(OptionCode.GO.wireValue())
                .putInt(6 + name.length)
                .putInt(name.length)
                .put(name)
                .putShort((short) 0)
                .put(NbdClient.header(Command.WRITE, 0, 1, 0, PAYLOAD_BYTES).array())
                .put(payload)
                .array();
    }
}
