package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The log of a server, one line per event")
class LogTest {
    private static final String LINE = "[0-9T:.-]{23}Z (INFO |WARN |ERROR) [a-z]+: .+";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @DisplayName("The start tells what was decided; a connection's lines have its id; each line has its form")
    void text() throws IOException {
        try (ServedProcess server = serve()) {
            assertThat(server.log())
                    .contains(" on Java 25", "transport epoll", "heap up to", "1000 connections, 500 from one address")
                    .contains("export \"disk\": ", "64 MiB (67108864 bytes), dynamic, blocks of 32 MiB, log clean")
                    .contains("listening on 127.0.0.1:");
            try (NbdClient client = NbdClient.structured(server.address(), "disk")) {
                assertThat(client.read(0, 512)).hasSize(512);
            }
            Await.until(() -> server.log().contains("the client closed the connection"));
            assertThat(server.log())
                    .containsPattern("session: connection=\"[0-9a-f]+\" export=\"disk\" started by /127.0.0.1:")
                    .containsPattern("session: connection=\"[0-9a-f]+\" export=\"disk\" the client closed");
            assertThat(server.stop("TERM")).isZero();
            assertThat(server.log().lines()).allMatch(line -> line.matches(LINE));
            assertThat(server.lines()).as("standard output").allMatch(line -> line.matches("(Export |  ).*"));
        }
    }

    @Test
    @NeedsTool("jq")
    @DisplayName("As JSON, each line is an object, and the connection's id is a field of it")
    void json() throws IOException {
        try (ServedProcess server = serve("--log-format", "json")) {
            NbdClient.structured(server.address(), "disk").close();
            Await.until(() -> server.log().contains("the client closed the connection"));
            assertThat(server.stop("TERM")).isZero();
            String filter =
                    "select(.formattedMessage | startswith(\"started by\") or startswith(\"the client closed\"))"
                            + " | .kvpList | add | .connection + \" \" + .export";
            List<String> ids = Tool.run(List.of("jq", "-r", filter), Map.of(), server.log())
                    .ok()
                    .out()
                    .lines()
                    .toList();
            assertThat(ids).hasSize(2).first().asString().matches("[0-9a-f]+ disk");
            assertThat(ids.getFirst()).isEqualTo(ids.getLast());
            assertThat(server.log().lines()).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
        }
    }

    @Test
    @DisplayName("Port scans and clients of other protocols make no line")
    void scans() throws IOException {
        try (ServedProcess server = serve()) {
            ListenAddress.Tcp address = (ListenAddress.Tcp) server.address();
            String before = server.log();
            for (int i = 0; i < 20; i++) {
                new Socket(address.host(), address.port()).close();
                try (Socket http = new Socket(address.host(), address.port())) {
                    http.getOutputStream()
                            .write("GET / HTTP/1.1\r\nHost: server\r\nAccept: */*\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
                    assertThat(http.getInputStream().readAllBytes())
                            .startsWith("NBDMAGIC".getBytes(StandardCharsets.US_ASCII));
                }
            }
            // A real client's line shows that those before it would have come.
            NbdClient.structured(server.address(), "disk").close();
            Await.until(() -> server.log().contains("the client closed the connection"));
            assertThat(server.log().substring(before.length()).lines()).hasSize(2);
        }
    }

    private ServedProcess serve(String... more) throws IOException {
        Path image = directory.resolve("disk.vhdx");
        List<String> arguments = new ArrayList<>(List.of("--create", "64M", image.toString()));
        arguments.addAll(List.of(more));
        return ServedProcess.start(directory, arguments.toArray(String[]::new));
    }
}
