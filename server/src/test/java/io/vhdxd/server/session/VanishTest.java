package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName(
        "SEC-05, DC-04, reliability.md 51: a client may vanish at every byte; nothing is applied by halves or leaked")
class VanishTest {
    private static final int PAYLOAD_BYTES = 4096;

    @Test
    @DisplayName("Every byte of the handshake, and of a WRITE, ended by a FIN and by a reset in turn")
    void everyByte() throws IOException {
        MemoryDisk disk = new MemoryDisk(1).allPresent();
        byte[] name = TestServer.EXPORT.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[PAYLOAD_BYTES];
        Arrays.fill(payload, (byte) 7);
        byte[] conversation = ByteBuffer.allocate(4 + 16 + 16 + 16 + 6 + name.length + 28 + PAYLOAD_BYTES)
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
        try (TestServer server = TestServer.of(disk)) {
            server.simpleClient().close();
            Await.until(() -> server.server().connectionCount() == 0);
            long descriptors = entries("/proc/self/fd");
            long threads = entries("/proc/self/task");
            for (int length = 0; length < conversation.length; length++) {
                NbdClient client = NbdClient.connectSilently(server.address());
                client.send(Arrays.copyOf(conversation, length));
                if (length % 2 == 0) {
                    client.close();
                } else {
                    client.reset();
                }
                Await.until(() -> server.server().connectionCount() < 50);
            }
            Await.until(() -> server.server().connectionCount() == 0);
            assertThat(disk.events()).isEmpty();
            assertThat(disk.content()).isEqualTo(new byte[MemoryDisk.BLOCK_BYTES]);
            Await.until(() -> entries("/proc/self/fd") <= descriptors);
            // The JVM's own threads come and go.
            assertThat(entries("/proc/self/task")).isLessThan(threads + 5);

            NbdClient client = NbdClient.connectSilently(server.address());
            client.send(conversation);
            Await.until(() -> disk.events().size() == 1);
            client.close();
        }
    }

    private static long entries(String directory) {
        try (Stream<Path> list = Files.list(Path.of(directory))) {
            return list.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
