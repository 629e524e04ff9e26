package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("serve, in a process of its own")
class ServeCommandTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT"})
    @NeedsTool("qemu-img")
    @DisplayName("reliability.md 30: a signal ends it with 0, and the image is clean")
    void stop(String signal) throws IOException {
        Path image = directory.resolve("disk.vhdx");
        try (ServedProcess server = ServedProcess.start(directory, "--create", "64M", image.toString())) {
            try (NbdClient client = NbdClient.structured(server.address(), "disk")) {
                client.write(0, 1, 0, new byte[4096]);
                assertThat(client.outcome()).isZero();
                assertThat(server.stop(signal)).as(server.log()).isZero();
                client.awaitEnd();
            }
        }
        assertThat(CommandLineRun.of("info", image).out()).contains("blocks present   1 of", ", clean");
        assertThat(Tool.run("qemu-img", "check", image.toString()).ok().out()).contains("No errors");
    }

    @Test
    @NeedsTool({"nbdinfo", "nbdcopy", "qemu-img"})
    @DisplayName("Shown by 1: the printed lines work as printed, for names with odd characters and a Unix socket too")
    void printedLines() throws IOException {
        Path image = directory.resolve("a b.vhdx");
        String socket = directory.resolve("s, o'c%k").toString();
        String name = "we ird'ñ%,&?#";
        try (ServedProcess server =
                ServedProcess.start(directory, "--create", "8M", name + "=" + image, "-l", "unix:" + socket)) {
            assertThat(server.lines().getFirst())
                    .contains(image.toString(), "8 MiB (8388608 bytes)", "dynamic", "blocks of 32 MiB", "log clean");
            List<String> commands = new ArrayList<>();
            for (String line : server.lines()) {
                if (line.startsWith("  qemu-img") || line.startsWith("  nbdcopy")) {
                    commands.add(line);
                }
            }
            assertThat(commands).hasSize(4);
            for (String command : commands) {
                Tool.run(List.of("sh", "-c", "cd '" + directory + "' && " + command), Map.of(), "")
                        .ok();
            }
            assertThat(directory.resolve(name + ".raw")).hasSize(8 << 20);
            // What a virtual machine would be given, to a program that knows the same options.
            for (String line : server.lines()) {
                if (line.startsWith("  qemu-system")) {
                    String drive = line.substring(line.indexOf("file="), line.indexOf(",format"));
                    String uri = drive.substring("file=".length());
                    Tool.run("qemu-io", "-f", "raw", "-c", "read 0 512", uri).ok();
                }
            }
        }
    }

    @Test
    @DisplayName("A log that was replayed is told; nothing that was answered is lost (R1)")
    void replayedLog() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        try (ServedProcess server = ServedProcess.start(directory, "--create", "64M", image.toString());
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            client.write(0, 1, 4096, new byte[] {1, 2, 3});
            assertThat(client.outcome()).isZero();
            server.kill();
        }
        assertThat(CommandLineRun.of("info", image).out()).contains("replayed in memory");
        try (ServedProcess server = ServedProcess.start(directory, image.toString());
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            assertThat(server.lines().getFirst()).containsPattern("log [1-9][0-9]* entr.*replayed");
            assertThat(client.read(4096, 3)).containsExactly(1, 2, 3);
        }
    }

    @Test
    @DisplayName("Served read-only, the file stays as it is, byte for byte, and several may do so")
    void readOnly() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        assertThat(CommandLineRun.of("create", image, "64M").exitCode()).isZero();
        byte[] before = Files.readAllBytes(image);
        try (ServedProcess server = ServedProcess.start(directory, "-r", image.toString());
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            assertThat(server.lines().getFirst()).endsWith("read-only");
            assertThat(client.read(0, 512)).isEqualTo(new byte[512]);
            client.write(0, 1, 0, new byte[512]);
            assertThat(client.outcome()).isEqualTo(1);
            assertThat(CommandLineRun.of("info", image).exitCode()).isZero();
            assertThat(server.stop("TERM")).isZero();
        }
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }

    @Test
    @NeedsTool("nbdinfo")
    @DisplayName("OP-02: of several images, the one that --default-export names is the default")
    void defaultExport() throws IOException {
        String a = directory.resolve("a.vhdx").toString();
        String b = directory.resolve("b.vhdx").toString();
        try (ServedProcess server = ServedProcess.start(directory, "--create", "1M", a, b, "--default-export", "b")) {
            String list = Tool.run("nbdinfo", "--list", "nbd://" + server.address())
                    .ok()
                    .out();
            assertThat(list).containsSubsequence("export=\"a\"", "export=\"b\"");
            assertThat(Tool.run("nbdinfo", "nbd://" + server.address()).ok().out())
                    .contains("b.vhdx");
        }
    }

    @Test
    @DisplayName("R6: an image that is being served is refused: exit code 66")
    void inUse() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        try (ServedProcess server = ServedProcess.start(directory, "--create", "64M", image.toString())) {
            for (String command : List.of("info", "check", "map")) {
                CommandLineRun run = CommandLineRun.of(command, image);
                assertThat(run.exitCode()).isEqualTo(66);
                assertThat(run.err()).contains("in use").hasLineCount(1);
            }
            assertThat(serveFails(66, image.toString(), "-l", "127.0.0.1:0")).contains("in use");
            assertThat(server.stop("TERM")).isZero();
        }
    }

    @Test
    @DisplayName("An address that is taken: exit code 69, and the image is left clean")
    void addressInUse() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String error =
                    serveFails(69, "--create", "64M", image.toString(), "-l", "127.0.0.1:" + taken.getLocalPort());
            assertThat(error)
                    .contains("vhdxd: cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": Address already in use");
        }
        assertThat(CommandLineRun.of("info", image).out()).contains(", clean");
    }

    @Test
    @DisplayName("Of several images one is bad: exit code 65, and the others are left as they were")
    void oneBadImage() throws IOException {
        Path good = directory.resolve("good.vhdx");
        Path bad = Files.write(directory.resolve("bad.vhdx"), new byte[4 << 20]);
        assertThat(CommandLineRun.of("create", good, "64M").exitCode()).isZero();
        byte[] before = Files.readAllBytes(good);
        assertThat(serveFails(65, good.toString(), bad.toString(), "-l", "127.0.0.1:0"))
                .contains("vhdxd: " + bad);
        assertThat(Files.readAllBytes(good)).isEqualTo(before);
    }

    @Test
    @DisplayName("Missing images are not made without --create: exit code 66")
    void missing() throws IOException {
        assertThat(serveFails(66, directory.resolve("none.vhdx").toString(), "-l", "127.0.0.1:0"))
                .contains("no such file");
        assertThat(directory.resolve("none.vhdx")).doesNotExist();
    }

    @Test
    @NeedsTool("strace")
    @DisplayName("R4: after a failed sync nothing is promised any more, and the exit code is 70")
    void failStop() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        assertThat(CommandLineRun.of("create", image, "64M").exitCode()).isZero();
        List<String> command = new ArrayList<>(List.of(
                "strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=3+", "-o"));
        command.add(directory.resolve("strace").toString());
        command.addAll(ServedProcess.vhdxd(List.of("serve", "-l", "127.0.0.1:0", image.toString())));
        try (ServedProcess server = ServedProcess.startAs(directory, command);
                NbdClient client = NbdClient.structured(server.address(), "disk")) {
            // The first syncs belong to the opening of the image; one of the next flushes meets the failing one.
            int outcome = 0;
            for (int i = 0; i < 10 && outcome == 0; i++) {
                client.write(0, 1, i * 4096L, new byte[4096]);
                outcome = client.outcome();
                if (outcome == 0) {
                    client.request(Command.FLUSH, 0, 2, 0, 0);
                    outcome = client.outcome();
                }
            }
            assertThat(outcome).as("EIO").isEqualTo(5);
            client.write(0, 3, 0, new byte[4096]);
            assertThat(client.outcome()).isEqualTo(5);
            client.request(Command.FLUSH, 0, 4, 0, 0);
            assertThat(client.outcome()).isEqualTo(5);
            assertThat(client.read(0, 4096)).hasSize(4096);
            client.request(Command.DISC, 0, 5, 0, 0);
            // strace hands the signal on to whom it traces.
            stopTraced(server);
            assertThat(server.awaitEnd()).as(server.log()).isEqualTo(70);
        }
    }

    private static void stopTraced(ServedProcess server) throws IOException {
        String child = Tool.run("ps", "-o", "pid=", "--ppid", String.valueOf(server.pid()))
                .ok()
                .out()
                .strip();
        Tool.run("kill", "-TERM", child).ok();
    }

    @Test
    @DisplayName("A second signal ends a drain that waits for a client")
    void secondSignal() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        try (ServedProcess server =
                        ServedProcess.start(directory, "--create", "64M", "--drain-timeout", "1000", image.toString());
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            // Replies that the client does not read keep the connection in the drain.
            for (int i = 0; i < 200; i++) {
                client.request(Command.READ, 0, i, 0, 1 << 20);
            }
            server.signal("TERM");
            Await.until(() -> logOf(server).contains("stopping"));
            assertThat(server.stop("TERM")).isZero();
        }
        assertThat(CommandLineRun.of("info", image).out()).contains(", clean");
    }

    private static String logOf(ServedProcess server) {
        try {
            return server.log();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs serve, which must end with an exit code and without a stack trace; returns what it said. */
    private static String serveFails(int exitCode, String... arguments) throws IOException {
        List<String> all = new ArrayList<>(List.of("serve"));
        all.addAll(List.of(arguments));
        Tool.Result result = Tool.run(ServedProcess.vhdxd(all), Map.of(), "");
        assertThat(result.exitCode()).as(result.err()).isEqualTo(exitCode);
        assertThat(result.err()).doesNotContain("\tat ");
        assertThat(result.out()).isEmpty();
        return result.err();
    }
}
