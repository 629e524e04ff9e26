package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.ServedProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("health asks a server, and ends with 0 or 75")
class HealthCommandTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @DisplayName("A server is well and ready; while it drains it is well and not ready; gone, it is neither")
    void lifeOfAServer() throws IOException {
        String address;
        try (ServedProcess server = ServedProcess.start(
                        directory,
                        "--create",
                        "64M",
                        "--metrics",
                        "127.0.0.1:0",
                        "--drain-timeout",
                        "1000",
                        directory.resolve("disk.vhdx").toString());
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            address = server.metrics().getAuthority();
            assertThat(CommandLineRun.of("health", address)).isEqualTo(new CommandLineRun(0, "ok\n", ""));
            assertThat(CommandLineRun.of("health", "--ready", address)).isEqualTo(new CommandLineRun(0, "ok\n", ""));
            // Replies that the client does not read keep the connection in the drain.
            for (int i = 0; i < 200; i++) {
                client.request(io.vhdxd.nbd.Command.READ, 0, i, 0, 1 << 20);
            }
            server.signal("TERM");
            Await.until(() -> CommandLineRun.of("health", "--ready", address).exitCode() != 0);
            assertThat(CommandLineRun.of("health", "--ready", address))
                    .isEqualTo(new CommandLineRun(75, "", "vhdxd: the server does not take connections\n"));
            assertThat(CommandLineRun.of("health", address).exitCode()).isZero();
        }
        assertThat(CommandLineRun.of("health", address))
                .isEqualTo(new CommandLineRun(
                        75, "", "vhdxd: http://" + address + "/healthz cannot be asked: Connection refused\n"));
    }

    @Test
    @DisplayName("Each reason is a line")
    void reasons() throws IOException {
        assertThat(askedOf(503, "one\ntwo\n")).isEqualTo(new CommandLineRun(75, "", "vhdxd: one\nvhdxd: two\n"));
    }

    @Test
    @DisplayName("Another server's page is no verdict, not even with 200 behind a redirection")
    void others() throws IOException {
        for (int status : new int[] {204, 302, 404, 500}) {
            CommandLineRun run = askedOf(status, "");
            assertThat(run.exitCode()).isEqualTo(75);
            assertThat(run.err())
                    .contains("/healthz answers " + status + " (expected: 200 or 503)")
                    .hasLineCount(1);
        }
    }

    /** What comes of asking a server that has this answer. */
    private static CommandLineRun askedOf(int status, String body) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(LOOPBACK, 0), 0);
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        server.createContext("/healthz", exchange -> {
            try (exchange) {
                exchange.getResponseHeaders().set("Location", "/ok");
                exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
                exchange.getResponseBody().write(bytes);
            }
        });
        server.createContext("/ok", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, -1);
            }
        });
        server.start();
        try {
            return CommandLineRun.of(
                    "health", "127.0.0.1:" + server.getAddress().getPort());
        } finally {
            server.stop(0);
        }
    }

    @Test
    @DisplayName("A server that does not answer is waited for as long as --timeout says")
    void silence() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, LOOPBACK)) {
            String address = "127.0.0.1:" + silent.getLocalPort();
            assertThat(CommandLineRun.of("health", "--timeout", "1", address))
                    .isEqualTo(new CommandLineRun(
                            75, "", "vhdxd: http://" + address + "/healthz does not answer within 1 s\n"));
        }
    }
}
