package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("T13, reliability.md 30: a server that is stopped finishes what was begun")
class DrainTest {
    private static final int OPTION_SHUTDOWN = 0x80000007;

    private final MemoryDisk disk = new MemoryDisk(64);
    private final ExecutorService background = Executors.newSingleThreadExecutor();

    @SuppressWarnings("NullAway.Init") // set before each test
    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.of(disk);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        background.close();
    }

    @Test
    @DisplayName("DC-02: what is in flight is answered; what comes later gets ESHUTDOWN, and then the connection ends")
    void inFlight() throws IOException, InterruptedException, ExecutionException {
        try (NbdClient client = server.simpleClient()) {
            disk.writerGate.close();
            client.write(0, 1, 0, new byte[512]);
            disk.writerGate.awaitHeld(1);
            Future<Boolean> drained = background.submit(() -> server.server().drain(60_000));
            awaitShutdown(client);
            client.write(0, 2, 512, new byte[512]);
            assertThat(client.chunk().error()).isEqualTo(NbdError.ESHUTDOWN.wireValue());
            // This one is refused for what it is, and at the same time for when it comes.
            client.request(Command.READ, 0, 3, 1L << 60, 512);
            assertThat(client.chunk().error()).isEqualTo(NbdError.ESHUTDOWN.wireValue());
            disk.writerGate.open();

            assertThat(client.chunk().cookie()).isEqualTo(1);
            assertThat(client.isAtEnd()).isTrue();
            client.endInput();
            assertThat(drained.get()).isTrue();
            assertThat(disk.events()).containsExactly("write 0+512");
        }
    }

    @Test
    @DisplayName("DC-02: what the server had not let in yet gets ESHUTDOWN, whatever its size, and takes no memory")
    void queued() throws IOException, InterruptedException, ExecutionException {
        SessionLimits oneRequest = new SessionLimits(1, 1 << 20, 0, 256 << 10);
        MemoryDisk other = new MemoryDisk(64);
        try (TestServer narrow = TestServer.of(other, oneRequest, 64 << 20);
                NbdClient client = narrow.structuredClient()) {
            other.writerGate.close();
            client.write(0, 1, 0, new byte[512]);
            other.writerGate.awaitHeld(1);
            Future<?> sent = background.submit(() -> {
                client.write(0, 2, 0, new byte[1 << 20]);
                client.request(Command.READ, 0, 3, 0, 1 << 20);
                client.request(Command.FLUSH, 0, 4, 0, 0);
                return null;
            });
            try (ExecutorService drainer = Executors.newSingleThreadExecutor()) {
                Future<Boolean> drained = drainer.submit(() -> narrow.server().drain(60_000));
                for (long cookie = 2; cookie <= 4; cookie++) {
                    NbdClient.Chunk refusal = client.chunk();
                    assertThat(refusal.cookie()).isEqualTo(cookie);
                    assertThat(refusal.error()).isEqualTo(NbdError.ESHUTDOWN.wireValue());
                    assertThat(refusal.text()).isEqualTo("The server is shutting down.");
                }
                sent.get();
                assertThat(UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
                        .isLessThan(1 << 20);
                other.writerGate.open();
                assertThat(client.chunk().cookie()).isEqualTo(1);
                assertThat(client.isAtEnd()).isTrue();
                client.endInput();
                assertThat(drained.get()).isTrue();
                assertThat(other.events()).containsExactly("write 0+512");
            }
        }
    }

    @Test
    @DisplayName("DC-02, R7: a client that takes no refusals is not read from")
    void refusalsNotRead() throws IOException, InterruptedException, ExecutionException {
        try (NbdClient client = server.structuredClient()) {
            disk.writerGate.close();
            client.write(0, 1, 0, new byte[512]);
            disk.writerGate.awaitHeld(1);
            Future<Boolean> drained = background.submit(() -> server.server().drain(60_000));
            awaitShutdown(client);
            ByteBuffer requests = ByteBuffer.allocate(64 << 20);
            while (requests.remaining() >= 28) {
                requests.put(NbdClient.header(Command.CACHE, 0, 2, 0, 512).array());
            }
            int sentBytes = client.sendWithoutWaiting(requests.flip());
            assertThat(sentBytes).isLessThan(32 << 20);
            assertThat(UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
                    .isLessThan(1 << 20);
            disk.writerGate.open();
            client.awaitEnd();
            client.endInput();
            assertThat(drained.get()).isTrue();
        }
    }

    /** Asks until the session knows of the shutdown. */
    private static void awaitShutdown(NbdClient client) {
        Await.until(() -> {
            try {
                client.request(Command.CACHE, 0, 9, 0, 512);
                return client.chunk().error() == NbdError.ESHUTDOWN.wireValue();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    /** The listener is closed first, and then the sessions are told. */
    private void awaitRefusal() {
        Await.until(() -> {
            try {
                NbdClient.connect(server.address()).close();
                return false;
            } catch (IOException e) {
                return true;
            }
        });
    }

    @Test
    @DisplayName("Idle connections end at once")
    void idle() throws IOException, InterruptedException, ExecutionException {
        try (NbdClient client = server.simpleClient()) {
            Future<Boolean> drained = background.submit(() -> server.server().drain(60_000));
            client.awaitEnd();
            client.endInput();
            assertThat(drained.get()).isTrue();
        }
    }

    @Test
    @DisplayName("HS-14: who is in the handshake is told of the shutdown")
    void handshake() throws IOException, InterruptedException {
        try (NbdClient client = NbdClient.connect(server.address())) {
            client.option(OptionCode.LIST.wireValue(), new byte[0]);
            client.untilAck();
            assertThat(server.server().drain(60_000)).isTrue();
            client.sendGo(TestServer.EXPORT);
            assertThat(client.optionReply()).isEqualTo(OPTION_SHUTDOWN);
        }
    }

    @Test
    @DisplayName("reliability.md 31: what does not end in time is given up, and dropped if it was not begun")
    void timeout() throws IOException, InterruptedException {
        try (NbdClient client = server.simpleClient()) {
            disk.writerGate.close();
            client.write(0, 1, 0, new byte[512]);
            client.write(0, 2, 512, new byte[512]);
            disk.writerGate.awaitHeld(1);
            assertThat(server.server().drain(1)).isFalse();
            assertThat(server.server().disconnect(1)).isFalse();
            client.awaitEnd();
            Await.until(() -> server.server().connectionCount() == 0);
            disk.writerGate.open();
            assertThat(server.server().disconnect(60_000)).isTrue();
            assertThat(disk.events()).doesNotContain("write 512+512");
        }
    }

    @Test
    @DisplayName("A drain that takes long can be hurried")
    void hurry() throws IOException, InterruptedException, ExecutionException {
        try (NbdClient client = server.simpleClient()) {
            disk.setCold(true);
            disk.readGate.close();
            client.request(Command.READ, 0, 1, 0, 512);
            disk.readGate.awaitHeld(1);
            Future<Boolean> drained = background.submit(() -> server.server().drain(600_000));
            awaitRefusal();
            server.server().hurry();
            client.awaitEnd();
            disk.readGate.open();
            assertThat(drained.get()).isTrue();
        }
    }

    @Test
    @DisplayName("Nobody can connect any more")
    void notListening() throws InterruptedException {
        assertThat(server.server().drain(60_000)).isTrue();
        assertThatThrownBy(() -> NbdClient.connect(server.address())).isInstanceOf(IOException.class);
    }
}
