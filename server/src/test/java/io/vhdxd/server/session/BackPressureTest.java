package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.vhdxd.nbd.Command;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("R7: what is under way is bounded, and everything is answered in the end")
class BackPressureTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final SessionLimits SMALL = new SessionLimits(4, 64 * KIB, 0, 256 * KIB);

    private final MemoryDisk disk = new MemoryDisk(512);

    @Test
    @DisplayName("RQ-12, reliability.md 65: a connection has so many requests under way, and no more")
    void requestsOfOneConnection() throws IOException {
        try (TestServer server = TestServer.of(disk, SMALL, 64 * MIB);
                NbdClient client = server.simpleClient()) {
            disk.writerGate.close();
            for (int i = 0; i < 200; i++) {
                client.request(Command.FLUSH, 0, i, 0, 0);
            }
            disk.writerGate.awaitHeld(1);
            disk.writerGate.open();
            for (int i = 0; i < 200; i++) {
                assertThat(client.chunk().cookie()).isEqualTo(i);
            }
            assertThat(disk.usage().requestsMax()).isBetween(1, SMALL.requests());
        }
    }

    @Test
    @DisplayName("A connection has so many bytes under way, and no more; a request that is larger comes alone")
    void bytesOfOneConnection() throws IOException {
        SessionLimits limits = new SessionLimits(100, 64 * KIB, 0, 256 * KIB);
        try (TestServer server = TestServer.of(disk, limits, 64 * MIB);
                NbdClient client = server.simpleClient()) {
            disk.writerGate.close();
            for (int i = 0; i < 50; i++) {
                client.write(0, i, i * 16L * KIB, new byte[16 * KIB]);
            }
            client.write(0, 50, MIB, new byte[MIB]);
            disk.writerGate.awaitHeld(1);
            disk.writerGate.open();
            for (int i = 0; i <= 50; i++) {
                assertThat(client.outcome()).isZero();
            }
            assertThat(disk.usage().bytesMax()).isLessThanOrEqualTo(MIB);
        }
    }

    @Test
    @DisplayName("SEC-23, SEC-25, reliability.md 55: a client that does not read its replies is not read from")
    void clientThatDoesNotRead() throws IOException {
        disk.allPresent();
        SessionLimits limits = new SessionLimits(100, 4 * MIB, 0, 256 * KIB);
        try (TestServer server = TestServer.of(disk, limits, 64 * MIB);
                NbdClient client = server.simpleClient();
                NbdClient other = server.simpleClient()) {
            for (int i = 0; i < 500; i++) {
                client.request(Command.READ, 0, i, 0, MIB);
            }
            // The client has asked for 500 MiB. Others are served while it does not take them.
            for (int i = 0; i < 100; i++) {
                assertThat(other.read(0, 4096)).hasSize(4096);
                assertThat(directMemory()).isLessThan(limits.bytes() + 2 * MIB);
            }
            for (int i = 0; i < 500; i++) {
                assertThat(client.simpleReply(MIB).error()).isZero();
                assertThat(directMemory()).isLessThan(limits.bytes() + 2 * MIB);
            }
        }
    }

    @Test
    @DisplayName("A client that does not take its small replies is not read from either")
    void smallRepliesNotRead() throws IOException {
        try (TestServer server = TestServer.of(disk, SMALL, 64 * MIB);
                NbdClient client = server.simpleClient()) {
            ByteBuffer requests = ByteBuffer.allocate(64 * MIB);
            while (requests.remaining() >= 28) {
                requests.put(NbdClient.header(Command.CACHE, 0, 1, 0, 512).array());
            }
            requests.flip();
            int sent = client.sendWithoutWaiting(requests);
            assertThat(sent).as("bytes taken from a client that reads nothing").isLessThan(64 * MIB / 28 * 28);
            assertThat(directMemory()).isLessThan(MIB);
            for (int i = 0; i < sent / 28; i++) {
                assertThat(client.outcome()).isZero();
            }
        }
    }

    @Test
    @DisplayName(
            "SEC-24, reliability.md 36: all connections together have so many bytes under way, and all get their turn")
    void bytesOfAllConnections() throws Exception {
        int clientCount = 16;
        SessionLimits limits = new SessionLimits(100, 64 * MIB, 0, 256 * KIB);
        try (TestServer server = TestServer.of(disk, limits, 8 * MIB);
                ExecutorService clients = Executors.newFixedThreadPool(clientCount)) {
            List<Callable<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < clientCount; i++) {
                int requestBytes = i % 2 == 0 ? 4 * MIB : 64 * KIB;
                tasks.add(() -> writeMany(server, requestBytes));
            }
            for (Future<Integer> answered : clients.invokeAll(tasks)) {
                assertThat(answered.get()).isEqualTo(10);
            }
            assertThat(disk.usage().bytesMax()).isLessThanOrEqualTo(8 * MIB);
        }
    }

    private static int writeMany(TestServer server, int requestBytes) throws IOException {
        int answered = 0;
        try (NbdClient client = server.simpleClient()) {
            for (int i = 0; i < 5; i++) {
                client.write(0, 1, 0, new byte[requestBytes]);
                client.write(0, 2, 0, new byte[requestBytes]);
                answered += client.outcome() == 0 ? 1 : 0;
                answered += client.outcome() == 0 ? 1 : 0;
            }
        }
        return answered;
    }

    @Test
    @DisplayName("SEC-24: a payload is not received before there is memory for it")
    void payloadsWaitOutside() throws IOException {
        int clientCount = 20;
        SessionLimits limits = new SessionLimits(100, 64 * MIB, 0, 256 * KIB);
        List<NbdClient> clients = new ArrayList<>();
        try (TestServer server = TestServer.of(disk, limits, 8 * MIB)) {
            for (int i = 0; i < clientCount; i++) {
                clients.add(server.simpleClient());
            }
            for (NbdClient client : clients) {
                client.send(NbdClient.header(Command.WRITE, 0, 1, 0, 4 * MIB).array());
                client.send(new byte[1]);
            }
            try (NbdClient other = server.simpleClient()) {
                // This one needs no memory, so it has not to wait for those who stall.
                other.request(Command.FLUSH, 0, 1, 0, 0);
                assertThat(other.outcome()).isZero();
                assertThat(directMemory()).isLessThan(10 * MIB);
            }
            byte[] rest = new byte[4 * MIB - 1];
            for (NbdClient client : clients) {
                client.reset();
            }
            try (NbdClient next = server.simpleClient()) {
                next.write(0, 1, 0, rest);
                assertThat(next.outcome()).isZero();
            }
        }
    }

    @Test
    @DisplayName("reliability.md 66: flushes of many connections are all answered")
    void flushStorm() throws InterruptedException, ExecutionException, IOException {
        try (TestServer server = TestServer.of(disk);
                ExecutorService clients = Executors.newFixedThreadPool(8)) {
            List<Callable<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                tasks.add(() -> flushMany(server));
            }
            for (Future<Integer> answered : clients.invokeAll(tasks)) {
                assertThat(answered.get()).isEqualTo(1000);
            }
        }
    }

    private static int flushMany(TestServer server) throws IOException {
        try (NbdClient client = server.simpleClient()) {
            for (int i = 0; i < 1000; i++) {
                client.request(Command.FLUSH, 0, i, 0, 0);
            }
            int answered = 0;
            for (int i = 0; i < 1000; i++) {
                answered += client.outcome() == 0 ? 1 : 0;
            }
            return answered;
        }
    }

    @Test
    @DisplayName("SEC-40: a connection that ends makes room for another, however it ends")
    void connectionsComeAndGo() throws IOException {
        try (TestServer server = TestServer.of(disk)) {
            for (int i = 0; i < 250; i++) {
                NbdClient client = server.simpleClient();
                if (i % 2 == 0) {
                    client.reset();
                } else {
                    client.close();
                }
                // At most 100 at a time are let in.
                int begun = i;
                Await.until(() -> server.server().connectionCount() < 90 || begun < 90);
            }
        }
    }

    private static long directMemory() {
        return UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory();
    }
}
