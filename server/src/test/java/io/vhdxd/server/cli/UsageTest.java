package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A wrong command line ends with 2, and says what is wrong in one line")
class UsageTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "destroy x.vhdx",
                "create",
                "create x.vhdx",
                "create x.vhdx 10Q",
                "create x.vhdx 0",
                "create x.vhdx 1000",
                "create x.vhdx 65T",
                "create x.vhdx 1G --type differencing",
                "create x.vhdx 1G --block-size 3M",
                "create x.vhdx 1G --block-size 512K",
                "create x.vhdx 1G --block-size 512M",
                "create x.vhdx 1G --block-size 1T",
                "create x.vhdx 1G --physical-sector-size 1024",
                "create x.vhdx 1G --log-size 0",
                "create x.vhdx 1G --log-size 1500K",
                "create x.vhdx 1G --log-size 2G",
                "info",
                "info --yaml x.vhdx",
                "map",
                "check",
                "resize x.vhdx",
                "resize x.vhdx 10Q",
                "compact",
                "merge",
                "set-parent x.vhdx",
                "check --allow-loss x.vhdx",
                "check -r some x.vhdx",
                "convert x.vhdx",
                "convert x.raw y.vhdx --to qcow2",
                "dump-log",
                "health",
                "health localhost",
                "health \"quoted\":9809",
                "health unix:/run/vhdxd.sock",
                "health --timeout 0 127.0.0.1:9809",
                "serve",
                "serve x.vhdx --listen nowhere",
                "config",
                "config check",
                "config show",
                "serve x.vhdx -l host:99999",
                "serve --create 10Q x.vhdx",
                "serve --create 1000 x.vhdx",
                "serve --create 1G --read-only x.vhdx",
                "serve --drain-timeout -1 x.vhdx",
                "serve --max-connections 0 x.vhdx",
                "serve --max-connections-per-address 0 x.vhdx",
                "serve --handshake-timeout 0 x.vhdx",
                "serve --max-requests 0 x.vhdx",
                "serve --connection-memory 1M x.vhdx",
                "serve --memory 1M x.vhdx",
                "serve --memory 100T x.vhdx",
                "serve --metrics unix:/tmp/metrics x.vhdx",
                "serve --metrics nowhere x.vhdx",
                "serve --log-format xml x.vhdx",
                "serve --tls require x.vhdx",
                "serve --tls maybe x.vhdx",
                "serve --tls-verify-peer x.vhdx",
                "serve --tls off --tls-certificates dir x.vhdx",
                "serve -l 127.0.0.1:0,tls=require x.vhdx",
                "serve -l 127.0.0.1:0,tls=maybe x.vhdx",
                "serve --default-export none x.vhdx",
                "serve a=x.vhdx a=y.vhdx",
                "serve x.vhdx dir/x.vhdx",
                "serve x.vhdx y=./x.vhdx"
            })
    void wrong(String line) {
        Object[] words = line.isEmpty() ? new Object[0] : line.split(" ", -1);
        CommandLineRun run = CommandLineRun.of(words);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().lines()).hasSize(2);
        assertThat(run.err()).startsWith("vhdxd: ").contains("Try 'vhdxd").doesNotContain("Exception");
    }

    @Test
    @DisplayName("Without usable certificates the server does not start: 78, with the file's name")
    void certificates() {
        CommandLineRun run = CommandLineRun.of("serve", "--tls-certificates", directory, "x.vhdx");
        assertThat(run.exitCode()).isEqualTo(78);
        assertThat(run.err()).isEqualTo("vhdxd: " + directory.resolve("server-cert.pem") + ": no such file\n");
    }

    @Test
    @DisplayName("One file under two names, by a symbolic or a hard link, is refused")
    void sameFile() throws IOException {
        Path image = Files.createFile(directory.resolve("a.vhdx"));
        Path symbolic = Files.createSymbolicLink(directory.resolve("b.vhdx"), image);
        Path hard = Files.createLink(directory.resolve("c.vhdx"), image);
        for (Path other : new Path[] {symbolic, hard}) {
            CommandLineRun run = CommandLineRun.of("serve", image, other);
            assertThat(run.exitCode()).isEqualTo(2);
            assertThat(run.err()).contains("are the same file");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "serve",
                "config",
                "config check",
                "config show",
                "create",
                "info",
                "map",
                "check",
                "resize",
                "compact",
                "merge",
                "set-parent",
                "convert",
                "dump-log",
                "health",
                "generate-completion"
            })
    @DisplayName("Every command has --help, with all exit codes")
    void help(String command) {
        CommandLineRun run = command.isEmpty()
                ? CommandLineRun.of("--help")
                : CommandLineRun.of((Object[]) (command + " --help").split(" ", -1));
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("Usage: vhdxd " + command);
        for (ExitCode code : ExitCode.values()) {
            assertThat(run.out()).containsPattern("(?m)^  " + code.number() + " ");
        }
    }

    @Test
    void version() {
        CommandLineRun run = CommandLineRun.of("--version");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("vhdxd ").contains("(Java 25");
    }

    @Test
    @DisplayName("The shell completion knows the commands and their options")
    void completion() {
        CommandLineRun run = CommandLineRun.of("generate-completion");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("--block-size", "--default-export", "check");
    }
}
