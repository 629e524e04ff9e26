package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.config.Setting;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.Scrape;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The configuration file")
class ConfigTest {
    private static final String GOOD = """
            default-export = "root"
            drain-timeout = 3

            [limits]
            max-connections = 50
            connection-memory = "32M"

            [metrics]
            address = "127.0.0.1:0"

            [[listen]]
            address = "127.0.0.1:0"
            tls = "off"

            [[export]]
            path = "a.vhdx"
            name = "root"
            description = "the root disk of \\"vm1\\""

            [[export]]
            path = "b.vhdx"
            read-only = true
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @BeforeEach
    void makeImages() {
        assertThat(CommandLineRun.of("create", directory.resolve("a.vhdx"), "1M")
                        .exitCode())
                .isZero();
        assertThat(CommandLineRun.of("create", directory.resolve("b.vhdx"), "1M")
                        .exitCode())
                .isZero();
    }

    @Test
    @NeedsTool({"nbdinfo", "jq"})
    @DisplayName("A file sets exports, addresses, limits and metrics; relative paths begin at its directory")
    void served() throws IOException {
        Path file = write(GOOD);
        assertThat(CommandLineRun.of("config", "check", file).out()).isEqualTo(file + ": good\n");
        List<String> command = ServedProcess.vhdxd(List.of("serve", "--config", file.toString()));
        try (ServedProcess server = ServedProcess.startAs(Files.createDirectory(directory.resolve("else")), command)) {
            String json = Tool.run("nbdinfo", "--list", "--json", "nbd://" + server.address())
                    .ok()
                    .out();
            String filter = ".exports[] | .[\"export-name\"], .description, .is_read_only";
            assertThat(Tool.run(List.of("jq", "-c", filter), java.util.Map.of(), json)
                            .ok()
                            .out()
                            .lines())
                    .containsExactly(
                            "\"root\"", "\"the root disk of \\\"vm1\\\"\"", "false", "\"b\"", "\"b.vhdx\"", "true");
            assertThat(Tool.run("nbdinfo", "nbd://" + server.address()).ok().out())
                    .contains("the root disk");
            assertThat(Scrape.get(server.metrics().resolve("/readyz")).statusCode())
                    .isEqualTo(200);
            assertThat(server.log()).contains("at most 50 connections");
            assertThat(server.stop("TERM")).isZero();
        }
    }

    @Test
    @DisplayName("Everything that is wrong is told at once, in order, with its line: exit code 78, also of serve")
    void everyError() throws IOException {
        Path file = write("""
                drain-timout = 3
                default-export = 7
                create = "10Q"

                [limits]
                max-conections = 50
                max-requests = "many"

                [tls]
                mode = "maybe"

                [metrix]
                address = "127.0.0.1:0"

                [[listen]]
                address = "nowhere"

                [[export]]
                path = "a.vhdx"
                nme = "root"

                [[export]]
                name = "x"
                read-only = "yes"
                """);
        for (List<Object> command : List.<List<Object>>of(
                List.of("config", "check", file),
                List.of("serve", "-c", file),
                List.of("config", "show", "-c", file))) {
            CommandLineRun run = CommandLineRun.of(command.toArray());
            assertThat(run.exitCode()).isEqualTo(78);
            assertThat(run.out()).isEmpty();
            assertThat(run.err().lines().map(line -> line.replace("vhdxd: " + file + ":", "")))
                    .containsExactly(
                            "1: unknown key 'drain-timout' (did you mean 'drain-timeout'?)",
                            "2: default-export: not of the right type (expected: a string)",
                            "3: create: '10Q' is not a size (expected: bytes, or a number with K, M, G or T, such as"
                                    + " 10G)",
                            "6: unknown key 'limits.max-conections' (did you mean 'max-connections'?)",
                            "7: limits.max-requests: not of the right type (expected: a number)",
                            "10: tls.mode: 'maybe' is no way to use TLS (expected: off, on or require)",
                            "12: unknown key 'metrix' (did you mean 'metrics'?)",
                            "16: listen: 'nowhere' is not an address to listen on (expected: HOST:PORT, [IPV6]:PORT or"
                                    + " unix:PATH)",
                            "20: unknown key 'export.nme' (did you mean 'name'?)",
                            "22: an export without a path",
                            "24: export.read-only: not of the right type (expected: true or false)");
        }
    }

    @Test
    @DisplayName("What contradicts something else is told with the file's own words and lines")
    void contradictions() throws IOException {
        Path file = write("""
                default-export = "none"
                drain-timeout = -1
                [limits]
                max-connections = 0
                memory = 1
                [tls]
                verify-peer = true
                [[export]]
                path = "a.vhdx"
                [[export]]
                path = "./a.vhdx"
                name = "again"
                [[export]]
                path = "b.vhdx"
                name = "a"
                """);
        CommandLineRun run = CommandLineRun.of("config", "check", file);
        assertThat(run.exitCode()).isEqualTo(78);
        assertThat(run.err().lines().map(line -> line.replace("vhdxd: " + file + ":", "")))
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("1: default-export: no image has the export name \"none\""),
                        line -> assertThat(line).isEqualTo("2: drain-timeout: -1 (expected: 0 or more)"),
                        line -> assertThat(line).isEqualTo("4: limits.max-connections: 0 (expected: 1 or more)"),
                        line -> assertThat(line).startsWith("5: limits.memory: 1 bytes (expected: 128 MiB to "),
                        line -> assertThat(line).isEqualTo("7: tls.verify-peer needs tls.certificates"),
                        line -> assertThat(line).startsWith("10: ").endsWith("are the same file"),
                        line -> assertThat(line).isEqualTo("13: two images have the export name \"a\""));
    }

    @ParameterizedTest
    @CsvSource({"'a = ', 1", "'[limits', 1", "'a = 1\na = 2', 2", "'x = \"\\q\"', 1"})
    @DisplayName("What is no TOML is told with its line")
    void syntax(String text, int line) throws IOException {
        CommandLineRun run = CommandLineRun.of("config", "check", write(text));
        assertThat(run.exitCode()).isEqualTo(78);
        assertThat(run.err()).contains("vhdxd.toml:" + line + ": ").doesNotContain("Exception");
    }

    @Test
    @DisplayName("A check needs the images and the certificates; a missing file is told like any other error")
    void missingFiles() throws IOException {
        Path file = write("""
                [[export]]
                path = "a.vhdx"
                [[export]]
                path = "c.vhdx"
                """);
        CommandLineRun run = CommandLineRun.of("config", "check", file);
        assertThat(run.exitCode()).isEqualTo(78);
        assertThat(run.err()).contains(":3: there is no image ").hasLineCount(1);
        file = write("""
                [tls]
                certificates = "none"
                [[export]]
                path = "a.vhdx"
                """);
        assertThat(CommandLineRun.of("config", "check", file).exitCode()).isEqualTo(78);
        CommandLineRun nothing = CommandLineRun.of("config", "check", write(""));
        assertThat(nothing.exitCode()).isEqualTo(78);
        assertThat(nothing.err()).contains(":1: there is nothing to serve").hasLineCount(1);
        CommandLineRun none = CommandLineRun.of("config", "check", directory.resolve("none.toml"));
        assertThat(none.exitCode()).isEqualTo(78);
        assertThat(none.err()).contains("none.toml: no such file").hasLineCount(1);
    }

    @Test
    @DisplayName("Options count more than the file, and images more than its exports; show tells what came from where")
    void precedence() throws IOException {
        Path file = write(GOOD);
        String shown = CommandLineRun.of("config", "show", "-c", file, "--max-connections", "9", "--drain-timeout=4")
                .out();
        assertThat(shown.lines())
                .contains(
                        "drain-timeout = 4  # command line",
                        "max-connections = 9  # command line",
                        "max-connections-per-address = 4  # default",
                        "connection-memory = 33554432  # " + file + ":6",
                        "max-requests = 256  # default",
                        "name = \"root\"",
                        "name = \"b\"");
        String other = CommandLineRun.of(
                        "config", "show", "-c", file, "web=" + directory.resolve("b.vhdx"), "--default-export", "web")
                .out();
        assertThat(other).contains("name = \"web\"").doesNotContain("\"root\"");
    }

    @Test
    @DisplayName("What show writes can be read, and shows the same")
    void shownAgain() throws IOException {
        String first = CommandLineRun.of(
                        "config",
                        "show",
                        "--config",
                        write(GOOD),
                        "--parent-dir=dir",
                        "--map-path=C:\\disks=/srv/disks",
                        "--listen=unix:/run/x")
                .out();
        CommandLineRun second = CommandLineRun.of("config", "show", "--config", write(first));
        assertThat(second.err()).isEmpty();
        assertThat(second.out().replaceAll("  # .*", "")).isEqualTo(first.replaceAll("  # .*", ""));
        assertThat(first).contains("map-paths = [\"C:\\\\disks=/srv/disks\"]", "address = \"unix:/run/x\"");
    }

    @Test
    @DisplayName("The example in docs/operations.md is good, and has every setting")
    void documentedExample() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        String example = page.substring(page.indexOf("```toml\n") + 8, page.indexOf("\n```\n"));
        CommandLineRun run = CommandLineRun.of("config", "show", "--config", write(example));
        assertThat(run.err()).isEmpty();
        for (Setting setting : Setting.values()) {
            if (setting != Setting.CREATE && setting != Setting.READ_ONLY) {
                assertThat(run.out())
                        .as(setting.key())
                        .containsPattern("(?m)^" + setting.nameInTable() + " = .*  # .*vhdxd.toml:[0-9]+$");
            }
        }
    }

    @Test
    @DisplayName("docs/operations.md lists every exit code, with its meaning")
    void documentedExitCodes() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operations.md"));
        ExitCode.meanings()
                .forEach((code, meaning) -> assertThat(page).contains("| " + code + " | " + meaning + " |\n"));
    }

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("vhdxd.toml"), text);
    }
}
