package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Clients that send anything and leave at any moment. Afterwards everything that was reserved for them must be free again:
 * a request that needs the whole budget still gets it, and no buffer is missing.
 */
class ChaosTest {
    private static final int MIB = 1 << 20;
    private static final int BUDGET = 32 * MIB;
    private static final int DISK_BLOCKS = 640;
    private static final int CLIENTS = 8;
    private static final int ROUNDS = Boolean.getBoolean("vhdxd.deep") ? 2000 : 40;

    private final MemoryDisk disk = new MemoryDisk(DISK_BLOCKS);

    @Test
    @DisplayName("R7, SEC-05: whatever clients do and whenever they leave, nothing is lost")
    void chaos() throws Exception {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("vhdxd.seed=" + seed);
        SessionLimits limits = new SessionLimits(16, 8 * MIB, 0, 64 << 10);
        try (TestServer server = TestServer.of(disk, limits, BUDGET);
                ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Random random = new Random(seed + i);
                running.add(clients.submit(() -> misbehave(server, random)));
            }
            for (Future<?> client : running) {
                client.get();
            }
            disk.setCold(false);
            try (NbdClient client = server.simpleClient()) {
                client.write(0, 1, 0, new byte[BUDGET]);
                assertThat(client.outcome()).isZero();
                assertThat(client.read(0, BUDGET)).isEqualTo(new byte[BUDGET]);
            }
        }
    }

    private void misbehave(TestServer server, Random random) {
        for (int round = 0; round < ROUNDS; round++) {
            disk.setCold(random.nextBoolean());
            try {
                NbdClient client = random.nextBoolean() ? server.simpleClient() : server.structuredClient();
                // A client that waits for the server to take its requests, and reads no replies, waits for ever.
                ByteBuffer requests = ByteBuffer.allocate(32 * MIB);
                for (int i = random.nextInt(30); i > 0; i--) {
                    putAnything(requests, random);
                }
                client.sendWithoutWaiting(requests.flip());
                if (random.nextInt(3) == 0) {
                    client.endInput();
                    client.awaitEnd();
                }
                if (random.nextBoolean()) {
                    client.reset();
                } else {
                    client.close();
                }
            } catch (IOException e) {
                // The server has closed the connection: a payload that is cut off looks like the next request.
            }
        }
    }

    private static void putAnything(ByteBuffer requests, Random random) {
        long offset = random.nextInt(10) == 0 ? random.nextLong() : random.nextLong((long) DISK_BLOCKS << 16);
        int length = random.nextInt(20) == 0 ? MIB + random.nextInt(6 * MIB) : random.nextInt(100_000);
        int flags = random.nextInt(5) == 0 ? random.nextInt(32) : random.nextInt(2);
        int command = random.nextInt(Command.BLOCK_STATUS + 1);
        int payload = command == Command.WRITE ? length : 0;
        if (command == Command.DISC && random.nextInt(10) != 0) {
            command = Command.READ;
        }
        if (requests.remaining() >= 28 + payload) {
            requests.put(NbdClient.header(command, flags, 1, offset, command == Command.FLUSH ? 0 : length)
                    .array());
            // Now and then a payload is too short, so that the rest of the stream is garbage.
            requests.put(new byte[random.nextInt(30) == 0 ? payload / 2 : payload]);
        }
    }
}
