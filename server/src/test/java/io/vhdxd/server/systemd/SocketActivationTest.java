package io.vhdxd.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A server takes connections from sockets that systemd has opened")
class SocketActivationTest {
    private static final int GREETING_BYTES = 18;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private String image = "";

    @BeforeEach
    void name() {
        image = directory.resolve("disk.vhdx").toString();
    }

    @Test
    @NeedsTool("python3")
    @DisplayName("Who connects while no server runs is served by the next one, over TCP and over a Unix socket")
    void restart() throws Exception {
        byte[] payload = new byte[4096];
        Arrays.fill(payload, (byte) 0x5a);
        try (ExecutorService clients = Executors.newCachedThreadPool();
                SocketKeeper keeper = new SocketKeeper(directory)) {
            ListenAddress tcp = keeper.listenTcp();
            ListenAddress.Unix unix = keeper.listenUnix();
            try (ServedProcess first = keeper.start("net:local", "--create", "64M", image)) {
                assertThat(first.log())
                        .contains(
                                "listening on " + tcp + ", TLS off, by descriptor 3 (net)",
                                "listening on " + unix + ", TLS off, by descriptor 4 (local)")
                        .doesNotContain("listening on 127.0.0.1:" + ListenAddress.DEFAULT_PORT);
                try (NbdClient client = NbdClient.structured(tcp, "disk")) {
                    client.write(0, 1, 0, payload);
                    assertThat(client.outcome()).isZero();
                    client.request(Command.FLUSH, 0, 2, 0, 0);
                    assertThat(client.outcome()).isZero();
                }
                assertThat(first.stop("TERM")).isZero();
            }
            assertThat(unix.path()).as("the socket is not the server's").exists();
            List<Future<byte[]>> reads = new ArrayList<>();
            for (ListenAddress address : List.of(tcp, unix)) {
                reads.add(clients.submit(() -> read(address, payload.length)));
            }
            try (ServedProcess second = keeper.start("net:local", image)) {
                for (Future<byte[]> read : reads) {
                    assertThat(read.get()).isEqualTo(payload);
                }
                assertThat(second.stop("TERM")).isZero();
            }
        }
    }

    private static byte[] read(ListenAddress address, int bytes) throws IOException {
        try (NbdClient client = NbdClient.simple(address, "disk")) {
            return client.read(0, bytes);
        }
    }

    @Test
    @NeedsTool("python3")
    @DisplayName("No connection is refused while a server stops and the next one starts, however many come")
    void neverRefused() throws Exception {
        try (ExecutorService clients = Executors.newCachedThreadPool();
                SocketKeeper keeper = new SocketKeeper(directory)) {
            ListenAddress.Tcp tcp = (ListenAddress.Tcp) keeper.listenTcp();
            AtomicInteger greeted = new AtomicInteger();
            Future<Integer> knocking;
            try (ServedProcess first = keeper.start("net", "--create", "64M", image)) {
                knocking = clients.submit(() -> refusals(tcp, greeted, 200));
                while (greeted.get() < 10) {
                    Thread.onSpinWait();
                }
                assertThat(first.stop("TERM")).isZero();
            }
            int byFirst = greeted.get();
            try (ServedProcess second = keeper.start("net", image)) {
                assertThat(knocking.get()).as("connections that were refused").isZero();
                assertThat(greeted.get()).isGreaterThan(byFirst);
                assertThat(second.stop("TERM")).isZero();
            }
        }
    }

    /** Connects again and again, until so many greetings have come; returns how often nobody listened. */
    private static int refusals(ListenAddress.Tcp address, AtomicInteger greeted, int count) throws IOException {
        int refused = 0;
        InetSocketAddress to = new InetSocketAddress(address.host(), address.port());
        while (greeted.get() < count && refused == 0) {
            try (SocketChannel channel = SocketChannel.open(to)) {
                ByteBuffer greeting = ByteBuffer.allocate(GREETING_BYTES);
                if (channel.read(greeting) > 0) {
                    greeted.incrementAndGet();
                }
            } catch (ConnectException e) {
                refused++;
            } catch (SocketException e) {
                // The server that stops has closed what it had let in; the next try finds its successor.
            }
        }
        return refused;
    }

    @Test
    @NeedsTool("python3")
    @DisplayName("An address that was configured too is not bound twice; one that nobody passes is bound")
    void configured() throws IOException {
        try (SocketKeeper keeper = new SocketKeeper(directory)) {
            ListenAddress passed = keeper.listenTcp();
            Path own = directory.resolve("own");
            try (ServedProcess server =
                    keeper.start("net", "--create", "64M", "-l", passed.toString(), "-l", "unix:" + own, image)) {
                assertThat(server.log().lines().filter(line -> line.contains("listening on")))
                        .hasSize(2)
                        .anyMatch(line -> line.contains(passed + ", TLS off, by descriptor 3 (net)"))
                        .anyMatch(line -> line.endsWith("unix:" + own + ", TLS off"));
                assertThat(read(new ListenAddress.Unix(own), 512)).hasSize(512);
                assertThat(read(passed, 512)).hasSize(512);
                assertThat(server.stop("TERM")).isZero();
            }
            assertThat(own).doesNotExist();
        }
    }

    @Test
    @DisplayName("What cannot be listened on ends the start, with the descriptor and its name")
    void noSocket() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "sh", "-c", "export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=odd; exec \"$@\" 3</dev/null", "sh"));
        command.addAll(ServedProcess.vhdxd(List.of("serve", "--create", "64M", image)));
        Tool.Result result = Tool.run(command, Map.of(), "");
        assertThat(result.exitCode()).isEqualTo(69);
        assertThat(result.err())
                .isEqualTo(
                        "vhdxd: cannot listen on descriptor 3 (odd): it is no socket that listens for connections\n");
        assertThat(Path.of(image)).doesNotExist();
    }
}
