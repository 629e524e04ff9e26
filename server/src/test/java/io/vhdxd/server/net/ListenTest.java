package io.vhdxd.server.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListenTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.of(new MemoryDisk(1));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    @DisplayName("A port that is taken is told in the system's words, with the address")
    void portInUse() {
        assertThatThrownBy(() -> server.server().listen(server.address()))
                .isInstanceOf(ListenException.class)
                .hasMessage(server.address() + ": Address already in use");
    }

    @Test
    void unknownHost() {
        assertThatThrownBy(() -> server.server().listen(new ListenAddress.Tcp("no.such.host.invalid", 0)))
                .isInstanceOf(ListenException.class)
                .hasMessage("no.such.host.invalid:0: unknown host");
    }

    @Test
    @DisplayName("One server listens on several addresses")
    void several() throws IOException {
        ListenAddress ipv4 = server.server().listen(new ListenAddress.Tcp("127.0.0.1", 0));
        ListenAddress unix = server.server().listen(unix("socket"));
        assertThat(server.server().addresses()).containsExactly(server.address(), ipv4, unix);
        for (ListenAddress address : server.server().addresses()) {
            try (NbdClient client = NbdClient.simple(address, TestServer.EXPORT)) {
                assertThat(client.read(0, 512)).hasSize(512);
            }
        }
    }

    @Test
    @DisplayName("SEC-35: the socket is its owner's alone, from the beginning")
    void permissions() throws IOException {
        ListenAddress.Unix address = unix("socket");
        server.server().listen(address);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(address.path())))
                .isEqualTo("rw-------");
        Path other = Files.createFile(directory.resolve("other"));
        assertThat(Files.getPosixFilePermissions(other))
                .as("the mask is what it was")
                .isNotEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    @DisplayName("SEC-35: the socket's file is removed when the server closes")
    void removed() throws IOException {
        ListenAddress.Unix address = unix("socket");
        try (TestServer other = TestServer.of(new MemoryDisk(1))) {
            other.server().listen(address);
            assertThat(address.path()).exists();
        }
        assertThat(address.path()).doesNotExist();
    }

    @Test
    @DisplayName("SEC-35: a socket that somebody listens on is not stolen")
    void aliveSocket() throws IOException {
        ListenAddress.Unix address = unix("socket");
        try (TestServer other = TestServer.of(new MemoryDisk(1))) {
            other.server().listen(address);
            assertThatThrownBy(() -> server.server().listen(address))
                    .isInstanceOf(ListenException.class)
                    .hasMessage(address + ": a server is listening on it");
            try (NbdClient client = NbdClient.simple(address, TestServer.EXPORT)) {
                assertThat(client.read(0, 512)).hasSize(512);
            }
        }
    }

    @Test
    @DisplayName("SEC-35: the socket of a server that died is replaced")
    void deadSocket() throws IOException {
        ListenAddress.Unix address = unix("socket");
        try (ServerSocketChannel died = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            died.bind(UnixDomainSocketAddress.of(address.path()));
        }
        assertThat(address.path()).exists();
        server.server().listen(address);
        try (NbdClient client = NbdClient.simple(address, TestServer.EXPORT)) {
            assertThat(client.read(0, 512)).hasSize(512);
        }
    }

    @Test
    @DisplayName("SEC-35: a file that is no socket is left alone, also when it looks like one through a link")
    void noSocket() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "precious");
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        for (Path path : new Path[] {file, link, directory}) {
            assertThatThrownBy(() -> server.server().listen(new ListenAddress.Unix(path)))
                    .isInstanceOf(ListenException.class)
                    .hasMessage("unix:" + path + ": there is a file that is not a socket");
        }
        assertThat(file).hasContent("precious");
        assertThat(link).isSymbolicLink();
    }

    @Test
    @DisplayName("Another server's socket in the same place is not removed")
    void replacedSocket() throws IOException {
        ListenAddress.Unix address = unix("socket");
        try (TestServer other = TestServer.of(new MemoryDisk(1))) {
            other.server().listen(address);
            Files.delete(address.path());
            server.server().listen(address);
        }
        assertThat(address.path()).exists();
    }

    @Test
    @DisplayName("What a server left behind that died while it started is removed")
    void diedEarly() throws IOException {
        ListenAddress.Unix address = unix("socket");
        try (ServerSocketChannel died = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            died.bind(UnixDomainSocketAddress.of(directory.resolve("socket.new")));
        }
        server.server().listen(address);
        assertThat(directory.toFile().list()).containsExactly("socket");
    }

    @Test
    void pathTooLong() {
        ListenAddress.Unix address = unix("x".repeat(104));
        assertThatThrownBy(() -> server.server().listen(address))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("(expected: at most 103)");
    }

    @Test
    void noDirectory() {
        assertThatThrownBy(() -> server.server().listen(unix("none/socket")))
                .isInstanceOf(ListenException.class)
                .hasMessageContaining("No such file or directory");
    }

    private ListenAddress.Unix unix(String name) {
        return new ListenAddress.Unix(directory.resolve(name));
    }
}
