package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.Scrape;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("What a served process tells Prometheus is what clients did")
class MetricsServiceTest {
    private static final int MIB = 1 << 20;
    private static final Path OPERATIONS = Path.of("..", "docs", "operations.md");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @NeedsTool({"nbdcopy", "fio"})
    @DisplayName("Bytes and requests of nbdcopy and of fio are counted, each one, by export and command")
    void traffic() throws IOException {
        Path in = directory.resolve("in.raw");
        byte[] content = new byte[16 * MIB];
        new Random(5).nextBytes(content);
        Files.write(in, content);
        try (ServedProcess server = serve("disk.vhdx", "other.vhdx")) {
            URI metrics = server.metrics();
            Scrape fresh = Scrape.of(metrics);
            fresh.requireSoundHistograms();
            assertThat(requests(fresh, "write") + requests(fresh, "read")).isZero();
            assertThat(fresh.value("vhdxd_image_size_bytes", "export", "disk")).isEqualTo(64.0 * MIB);

            Tool.run("nbdcopy", "--flush", in.toString(), server.uri()).ok();
            Scrape copied = scrapeAtRest(metrics);
            assertThat(bytes(copied, "write")).isEqualTo(content.length);
            assertThat(requests(copied, "flush")).isPositive();
            assertThat(copied.value("vhdxd_image_present_blocks", "export", "disk"))
                    .isEqualTo(16);
            assertThat(copied.value("vhdxd_commit_requests_count", "export", "disk"))
                    .isPositive();
            assertThat(copied.value("vhdxd_log_used_bytes", "export", "disk"))
                    .isPositive()
                    .isLessThanOrEqualTo(copied.value("vhdxd_log_capacity_bytes", "export", "disk"));
            assertThat(copied.value("vhdxd_rounds_total", "export", "disk", "reason", "flush"))
                    .isPositive()
                    .isLessThanOrEqualTo(copied.value("vhdxd_sync_duration_seconds_count", "export", "disk"));

            fio(server, "randwrite");
            Scrape written = scrapeAtRest(metrics);
            assertThat(requests(written, "write") - requests(copied, "write")).isEqualTo(1024);
            assertThat(bytes(written, "write") - bytes(copied, "write")).isEqualTo(4 * MIB);
            fio(server, "randread");
            Scrape read = scrapeAtRest(metrics);
            assertThat(requests(read, "read") - requests(written, "read")).isEqualTo(1024);
            assertThat(bytes(read, "read") - bytes(written, "read")).isEqualTo(4 * MIB);
            read.requireSoundHistograms();
            assertThat(read.value("vhdxd_connections_accepted_total")).isGreaterThanOrEqualTo(3);
            assertThat(read.value("vhdxd_memory_reserved_bytes")).isZero();
            assertThat(requests(read, "other", "write")).isZero();
            assertThat(read.seriesCount())
                    .as("clients make no new series")
                    .isEqualTo(Scrape.of(metrics).seriesCount());
        }
    }

    @Test
    @DisplayName("Errors are counted by command and error; what no command is counts as one; connections come and go")
    void errors() throws IOException {
        try (ServedProcess server = serve("disk.vhdx")) {
            try (NbdClient client = NbdClient.structured(server.address(), "disk")) {
                client.request(Command.READ, 0, 1, 1L << 40, 512);
                assertThat(client.outcome()).isEqualTo(22);
                client.request(4711, 0, 2, 0, 0);
                assertThat(client.outcome()).isEqualTo(22);
                client.request(4712, 0, 3, 0, 0);
                assertThat(client.outcome()).isEqualTo(22);
                Scrape scrape = Scrape.of(server.metrics());
                assertThat(errors(scrape, "read", "EINVAL")).isEqualTo(1);
                assertThat(errors(scrape, "other", "EINVAL")).isEqualTo(2);
                assertThat(errors(scrape, "write", "EIO")).isZero();
                assertThat(scrape.value("vhdxd_connections", "export", "disk")).isEqualTo(1);
                assertThat(scrape.value("vhdxd_connections_open")).isEqualTo(1);
            }
            URI metrics = server.metrics();
            Await.until(() -> Scrape.of(metrics).value("vhdxd_connections", "export", "disk") == 0);
        }
    }

    @Test
    @DisplayName("docs/operations.md lists every metric that there is, and no other")
    void documented() throws IOException {
        TreeSet<String> documented = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| `(vhdxd_[a-z_]+)`").matcher(Files.readString(OPERATIONS));
        while (row.find()) {
            documented.add(row.group(1));
        }
        try (ServedProcess server = serve("disk.vhdx")) {
            TreeSet<String> told = new TreeSet<>(Scrape.of(server.metrics()).ownFamilies());
            // The largest recent value comes with every histogram.
            told.removeIf(name -> name.endsWith("_max"));
            assertThat(told).isEqualTo(documented);
        }
    }

    @Test
    @DisplayName("A served image is healthy and ready; other pages and methods are refused")
    void pages() throws IOException {
        try (ServedProcess server = serve("disk.vhdx")) {
            URI metrics = server.metrics();
            assertThat(Scrape.get(metrics.resolve("/healthz")).body()).isEqualTo("ok\n");
            assertThat(Scrape.get(metrics.resolve("/readyz")).body()).isEqualTo("ok\n");
            assertThat(Scrape.get(metrics.resolve("/")).statusCode()).isEqualTo(404);
            assertThat(Scrape.get(metrics.resolve("/metrics/more")).statusCode())
                    .isEqualTo(404);
            HttpRequest.Builder page = HttpRequest.newBuilder(metrics.resolve("/metrics"));
            assertThat(Scrape.send(page.DELETE().build()).statusCode()).isEqualTo(405);
            assertThat(Scrape.send(page.HEAD().build()).body()).isEmpty();
        }
    }

    @Test
    @NeedsTool("strace")
    @DisplayName("R4: after a failed sync the server is not ready, but healthy, and the image counts as failed")
    void poison() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        Tool.run(ServedProcess.vhdxd(List.of("create", image.toString(), "64M")), Map.of(), "")
                .ok();
        List<String> command = new ArrayList<>(List.of(
                "strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=4+", "-o"));
        command.add(directory.resolve("strace").toString());
        command.addAll(ServedProcess.vhdxd(
                List.of("serve", "-l", "127.0.0.1:0", "--metrics", "127.0.0.1:0", image.toString())));
        try (ServedProcess server = ServedProcess.startAs(directory, command);
                NbdClient client = NbdClient.structured(server.address(), "disk")) {
            URI metrics = server.metrics();
            assertThat(Scrape.get(metrics.resolve("/readyz")).statusCode()).isEqualTo(200);
            int outcome = 0;
            for (int i = 0; i < 10 && outcome == 0; i++) {
                client.write(0, 1, i * 4096L, new byte[4096]);
                assertThat(client.outcome()).isIn(0, 5);
                client.request(Command.FLUSH, 0, 2, 0, 0);
                outcome = client.outcome();
            }
            assertThat(outcome).as("EIO").isEqualTo(5);
            assertThat(Scrape.get(metrics.resolve("/healthz")).statusCode()).isEqualTo(200);
            assertThat(Scrape.get(metrics.resolve("/readyz")).statusCode()).isEqualTo(503);
            assertThat(Scrape.get(metrics.resolve("/readyz")).body()).contains("disk", "stopped all changes");
            Scrape scrape = Scrape.of(metrics);
            assertThat(scrape.value("vhdxd_image_failed", "export", "disk")).isEqualTo(1);
            assertThat(errors(scrape, "flush", "EIO")).isPositive();
        }
    }

    @Test
    @DisplayName("While it drains, a server is healthy and not ready")
    void draining() throws IOException {
        try (ServedProcess server = serve("disk.vhdx", "--drain-timeout", "1000");
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            // Replies that the client does not read keep the connection in the drain.
            for (int i = 0; i < 200; i++) {
                client.request(Command.READ, 0, i, 0, MIB);
            }
            URI metrics = server.metrics();
            server.signal("TERM");
            Await.until(() -> Scrape.get(metrics.resolve("/readyz")).statusCode() == 503);
            assertThat(Scrape.get(metrics.resolve("/healthz")).statusCode()).isEqualTo(200);
        }
    }

    private ServedProcess serve(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--create", "64M", "--metrics", "127.0.0.1:0"));
        for (String argument : more) {
            arguments.add(argument.endsWith(".vhdx") ? image(argument) : argument);
        }
        return ServedProcess.start(directory, arguments.toArray(String[]::new));
    }

    /** Made before, with blocks of 1 MiB. */
    private String image(String name) throws IOException {
        Path image = directory.resolve(name);
        Tool.run(ServedProcess.vhdxd(List.of("create", "--block-size", "1M", image.toString(), "64M")), Map.of(), "")
                .ok();
        return image.toString();
    }

    /** The numbers when every request that was answered is counted. */
    private static Scrape scrapeAtRest(URI metrics) throws IOException {
        Await.until(() -> Scrape.of(metrics).value("vhdxd_connections", "export", "disk") == 0);
        Scrape scrape = Scrape.of(metrics);
        assertThat(scrape.value("vhdxd_requests_in_flight", "export", "disk")).isZero();
        return scrape;
    }

    private static void fio(ServedProcess server, String pattern) throws IOException {
        Tool.run(
                        "fio",
                        "--name=counted",
                        "--ioengine=nbd",
                        "--uri=" + server.uri(),
                        "--rw=" + pattern,
                        "--bs=4k",
                        "--size=4m",
                        "--iodepth=16")
                .ok();
    }

    private static double requests(Scrape scrape, String command) {
        return requests(scrape, "disk", command);
    }

    private static double requests(Scrape scrape, String export, String command) {
        return scrape.value("vhdxd_request_duration_seconds_count", "export", export, "command", command);
    }

    private static double bytes(Scrape scrape, String command) {
        return scrape.value("vhdxd_request_bytes_total", "export", "disk", "command", command);
    }

    private static double errors(Scrape scrape, String command, String error) {
        return scrape.value("vhdxd_request_errors_total", "export", "disk", "command", command, "error", error);
    }
}
