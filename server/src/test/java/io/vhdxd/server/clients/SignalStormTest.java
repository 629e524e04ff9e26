package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("SEC-13, SEC-07: a server ends by signals while connections come and go")
class SignalStormTest {
    private static final int CLIENTS = 4;
    private static final int CONNECTIONS_BEFORE = 50;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @DisplayName("One signal, or two in a row: it ends, with a clean image")
    void ends(int signals) throws IOException, InterruptedException, ExecutionException {
        Path image = directory.resolve("disk.vhdx");
        CountDownLatch busy = new CountDownLatch(CLIENTS * CONNECTIONS_BEFORE);
        try (ServedProcess server = ServedProcess.start(directory, "--create", "64M", image.toString());
                ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                running.add(clients.submit(() -> comeAndGo(server.address(), number, busy)));
            }
            busy.await();
            for (int i = 0; i < signals; i++) {
                server.signal("TERM");
            }
            assertThat(server.awaitEnd()).as(server.log()).isZero();
            for (Future<?> client : running) {
                client.get();
            }
        }
        Tool.Result check = Tool.run(ServedProcess.vhdxd(List.of("info", image.toString())), Map.of(), "");
        assertThat(check.ok().out()).contains("clean");
    }

    /** Connects, writes and leaves in turn, by a reset now and then, until nobody listens any more. */
    private static void comeAndGo(ListenAddress address, int number, CountDownLatch busy) {
        for (int i = 0; true; i++) {
            try (NbdClient client = NbdClient.simple(address, "disk")) {
                client.write(0, i, 4096L * number, new byte[4096]);
                if (i % 3 == 0) {
                    client.reset();
                } else {
                    client.outcome();
                }
            } catch (IOException | AssertionError e) {
                // The server closes the connection, or refuses the export, because it ends.
                if (busy.getCount() == 0) {
                    return;
                }
                throw new AssertionError(e);
            }
            busy.countDown();
        }
    }
}
