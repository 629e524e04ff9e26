package io.vhdxd.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.NotifyReceiver;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A server tells its service manager how it does")
class NotifyTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private String notify = "";

    @BeforeEach
    void address() {
        notify = directory.resolve("notify").toString();
    }

    @Test
    @DisplayName("Ready when it listens, with its addresses; alive until the end; stopping after the signal")
    void life() throws IOException {
        try (NotifyReceiver receiver = new NotifyReceiver(notify);
                ServedProcess server = ServedProcess.startAs(directory, command(List.of(), "disk.vhdx"))) {
            receiver.await("READY=1");
            assertThat(receiver.heard())
                    .contains("STATUS=serving 1 export on " + server.address())
                    .doesNotContain("STOPPING=1");
            receiver.await("WATCHDOG=1");
            int fed = fed(receiver);
            Await.until(() -> fed(receiver) > fed + 2);
            assertThat(server.stop("TERM")).isZero();
            assertThat(receiver.heard()).containsSubsequence("READY=1", "STOPPING=1");
        }
    }

    @Test
    @DisplayName("A server that cannot start never is ready")
    void noStart() throws IOException {
        try (NotifyReceiver receiver = new NotifyReceiver(notify)) {
            Tool.Result result = Tool.run(command(List.of(), "--config", "/none.toml"), Map.of(), "");
            assertThat(result.exitCode()).isEqualTo(78);
            assertThat(receiver.heard()).isEmpty();
        }
    }

    @Test
    @NeedsTool("strace")
    @DisplayName(
            "A sync that does not end starves the watchdog, and the status says why; when it ends, all is well again")
    void hangingDevice() throws IOException {
        List<String> strace = List.of(
                "strace",
                "-f",
                "-qq",
                "-e",
                "trace=fdatasync",
                "-e",
                "inject=fdatasync:delay_enter=15000000:when=4",
                "-o",
                directory.resolve("strace").toString());
        String stuck = "STATUS=export \"disk\": its writer does not move, and has work";
        try (NotifyReceiver receiver = new NotifyReceiver(notify);
                ServedProcess server = ServedProcess.startAs(directory, command(strace, "disk.vhdx"));
                NbdClient client = NbdClient.structured(server.address(), "disk")) {
            String serving = "STATUS=serving 1 export on " + server.address();
            // The first syncs belong to the opening of the image; one of the next flushes meets the slow one.
            for (int i = 0; i < 10 && !receiver.heard().contains(stuck); i++) {
                client.write(0, 1, i * 4096L, new byte[4096]);
                assertThat(client.outcome()).isZero();
                client.request(Command.FLUSH, 0, 2, 0, 0);
                assertThat(client.outcome()).isZero();
            }
            int atStuck = receiver.heard().indexOf(stuck);
            assertThat(atStuck).as(server.log()).isPositive();
            Await.until(() -> receiver.heard().lastIndexOf(serving) > atStuck);
            // A starved watchdog hears nothing between the two changes of the status.
            assertThat(receiver.heard().subList(atStuck + 1, atStuck + 3)).containsExactly("WATCHDOG=1", serving);
        }
    }

    private static int fed(NotifyReceiver receiver) {
        return (int) receiver.heard().stream().filter("WATCHDOG=1"::equals).count();
    }

    /** The command that serves with an environment of systemd's; the file is in the directory of this test. */
    private List<String> command(List<String> wrapper, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("env", "-u", "WATCHDOG_PID", "NOTIFY_SOCKET=" + notify, "WATCHDOG_USEC=200000"));
        command.addAll(wrapper);
        List<String> serve = new ArrayList<>(List.of("serve", "-l", "127.0.0.1:0", "--create", "64M"));
        for (String argument : arguments) {
            serve.add(argument.endsWith(".vhdx") ? directory.resolve(argument).toString() : argument);
        }
        command.addAll(ServedProcess.vhdxd(serve));
        return command;
    }
}
