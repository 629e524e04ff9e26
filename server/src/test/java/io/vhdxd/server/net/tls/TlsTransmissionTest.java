package io.vhdxd.server.net.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Requests and replies under TLS, and the end of a connection. The JVM of the tests insists on a proper end of TLS. */
@NeedsTool("openssl")
class TlsTransmissionTest {
    private static final int MIB = 1 << 20;
    private static final int DISK_BLOCKS = 40 * MIB / MemoryDisk.BLOCK_BYTES;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path directory;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static Certificates certificates;

    @SuppressWarnings("NullAway.Init") // set before each test
    private TlsServer tls;

    @BeforeAll
    static void make() throws IOException {
        certificates = Certificates.make(directory);
    }

    @BeforeEach
    void start() throws IOException {
        tls = TlsServer.large(DISK_BLOCKS, certificates);
    }

    @AfterEach
    void stop() throws IOException {
        tls.close();
    }

    private NbdClient client(TransmissionMode mode) throws IOException {
        return tls.client(certificates.stranger(), mode);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("RP-11, RP-14, SZ-01: what was written is read, small and large, with all kinds of headers")
    void roundTrip(TransmissionMode mode) throws IOException {
        try (NbdClient client = client(mode)) {
            for (int length : new int[] {1, 512, 16384, 16385, 70000, 32 * MIB}) {
                byte[] data = random(length);
                client.write(0, 1, 4096, data);
                assertThat(client.outcome()).isZero();
                assertThat(client.read(4096, length)).isEqualTo(data);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName(
            "RQ-03, SEC-21: the payload of a WRITE that is refused is read through TLS, so the next request is found")
    void refusedPayload(TransmissionMode mode) throws IOException {
        try (NbdClient client = client(mode)) {
            client.write(1 << 15, 1, 0, random(MIB));
            assertThat(client.outcome()).isEqualTo(NbdError.EINVAL.wireValue());
            client.write(0, 2, tls.disk.sizeBytes() - 512, random(MIB));
            assertThat(client.outcome()).isEqualTo(NbdError.ENOSPC.wireValue());
            assertThat(client.read(0, 4)).isEqualTo(new byte[4]);
        }
    }

    @Test
    @DisplayName("TLS-10, CM-12: after DISC all replies come, and then the end of TLS")
    void disconnect() throws IOException {
        byte[] data = random(8 * MIB);
        tls.disk.fill(0, data);
        try (NbdClient client = client(TransmissionMode.SIMPLE)) {
            client.request(Command.READ, 0, 1, 0, data.length);
            client.request(Command.DISC, 0, 2, 0, 0);
            assertThat(client.simpleReply(data.length).bytes()).isEqualTo(data);
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    @DisplayName(
            "DC-03, TLS-10: a client that ends its side gets the replies to what it has sent, and then the end of TLS")
    void halfClose() throws IOException {
        byte[] data = random(8 * MIB);
        tls.disk.setCold(true);
        tls.disk.fill(0, data);
        try (NbdClient client = client(TransmissionMode.SIMPLE)) {
            client.request(Command.READ, 0, 1, 0, data.length);
            client.write(0, 2, 16 * MIB, random(MIB));
            client.tls().shutdownOutput();
            // In any order: they are carried out side by side.
            List<NbdClient.Chunk> replies = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                replies.add(client.chunk(cookie -> cookie == 1 ? data.length : 0));
            }
            assertThat(replies)
                    .extracting(NbdClient.Chunk::cookie, NbdClient.Chunk::error)
                    .containsExactlyInAnyOrder(tuple(1L, 0), tuple(2L, 0));
            assertThat(replies).anySatisfy(reply -> assertThat(reply.bytes()).isEqualTo(data));
            assertThat(client.isAtEnd()).isTrue();
        }
        assertThat(tls.disk.events()).contains("overwrite " + 16 * MIB + "+" + MIB);
    }

    @Test
    @DisplayName("DC-02: at a shutdown what was begun is answered, what comes gets ESHUTDOWN, and TLS has its end")
    void drain() throws IOException, InterruptedException {
        tls.disk.setCold(true);
        tls.disk.readGate.close();
        try (NbdClient client = client(TransmissionMode.STRUCTURED)) {
            client.request(Command.READ, 0, 1, 0, 4096);
            tls.disk.readGate.awaitHeld(1);
            Thread drain = Thread.ofPlatform().start(this::drainServer);
            Await.until(() -> {
                client.request(Command.FLUSH, 0, 2, 0, 0);
                return client.chunk().error() == NbdError.ESHUTDOWN.wireValue();
            });
            client.write(0, 3, 0, random(MIB));
            assertThat(client.chunk().error()).isEqualTo(NbdError.ESHUTDOWN.wireValue());
            tls.disk.readGate.open();
            assertThat(client.chunks()).hasSize(1);
            assertThat(client.isAtEnd()).isTrue();
            drain.join();
        }
        assertThat(tls.disk.events()).contains("read 0+4096").doesNotContain("overwrite 0+" + MIB);
    }

    private void drainServer() {
        try {
            assertThat(tls.server.server().drain(20_000)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
