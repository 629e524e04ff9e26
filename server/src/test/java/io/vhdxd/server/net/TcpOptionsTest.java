package io.vhdxd.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TcpOptionsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @NeedsTool("strace")
    @DisplayName("HS-01: small replies are not held back, and a client whose machine has died is found out")
    void options() throws IOException {
        Path trace = directory.resolve("strace");
        List<String> command =
                new ArrayList<>(List.of("strace", "-f", "-qq", "-e", "trace=setsockopt", "-o", trace.toString()));
        command.addAll(ServedProcess.vhdxd(List.of(
                "serve",
                "-l",
                "127.0.0.1:0",
                "--create",
                "64M",
                directory.resolve("disk.vhdx").toString())));
        try (ServedProcess server = ServedProcess.startAs(directory, command);
                NbdClient client = NbdClient.simple(server.address(), "disk")) {
            assertThat(client.read(0, 1)).containsExactly(0);
            Await.until(() -> {
                String calls = Files.readString(trace);
                return calls.contains("TCP_NODELAY, [1]") && calls.contains("SO_KEEPALIVE, [1]");
            });
        }
    }
}
