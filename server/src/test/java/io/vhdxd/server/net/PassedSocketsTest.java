package io.vhdxd.server.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.vhdxd.nbd.codec.Encryption;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.session.SessionLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Sockets that were passed are known by what Linux says of them")
class PassedSocketsTest {
    private static final long PID = 4711;

    @BeforeAll
    static void loadNetty() {
        Epoll.ensureAvailability();
    }

    @Test
    @DisplayName("Sockets for another process, or none, are none")
    void others() throws ListenException {
        for (Map<String, String> environment : List.of(
                Map.<String, String>of(),
                Map.of("LISTEN_FDS", "1"),
                Map.of("LISTEN_FDS", "1", "LISTEN_PID", "1"),
                Map.of("LISTEN_FDS", "0", "LISTEN_PID", "" + PID))) {
            assertThat(PassedSockets.of(environment, PID)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "two", "99999999999"})
    @DisplayName("A number of sockets that is none is refused: whoever passes sockets wants them to be used")
    void count(String count) {
        Map<String, String> environment = new HashMap<>(Map.of("LISTEN_PID", "" + PID));
        environment.put("LISTEN_FDS", count);
        assertThatThrownBy(() -> PassedSockets.of(environment, PID))
                .isInstanceOf(ListenException.class)
                .hasMessage("LISTEN_FDS=" + count + ": expected: how many sockets are passed");
    }

    @Test
    @DisplayName("A socket of IPv4, of IPv6, and of a path")
    void addresses(@TempDir Path directory) throws IOException {
        assertThat(tcp("127.0.0.1")).hasToString("127.0.0.1:PORT");
        assertThat(tcp("0.0.0.0")).hasToString("0.0.0.0:PORT");
        assertThat(tcp("::1")).hasToString("[::1]:PORT");
        assertThat(tcp("::")).hasToString("[::]:PORT");
        Path path = directory.resolve("ü");
        Socket socket = Socket.newSocketDomain();
        try {
            socket.bind(new DomainSocketAddress(path.toString()));
            socket.listen(1);
            assertThat(ListeningDescriptor.take(socket.intValue(), "u").address())
                    .isEqualTo(new ListenAddress.Unix(path));
        } finally {
            socket.close();
        }
    }

    /** The address of a socket on any free port, with a word in place of that. */
    private static String tcp(String host) throws IOException {
        SocketProtocolFamily family = host.contains(":") ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET;
        Socket socket = new Socket(new EpollServerSocketChannel(family).fd().intValue());
        try {
            socket.bind(new InetSocketAddress(host, 0));
            socket.listen(1);
            PassedSocket passed = ListeningDescriptor.take(socket.intValue(), "net");
            return passed.address().toString().replaceFirst("[0-9]+$", "PORT");
        } finally {
            socket.close();
        }
    }

    @Test
    @DisplayName("What nobody listens on, what has no name that a client could use, and what is no stream is refused")
    void refused(@TempDir Path directory) throws IOException {
        Socket bound = Socket.newSocketStream();
        Socket datagrams = Socket.newSocketDgram();
        Socket nameless = Socket.newSocketDomain();
        try {
            bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            datagrams.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            nameless.bind(new DomainSocketAddress("\0vhdxd-test-" + directory.hashCode()));
            nameless.listen(1);
            String none = "it is no socket that listens for connections";
            assertRefused(bound.intValue(), none);
            assertRefused(datagrams.intValue(), none);
            assertRefused(100_000, none);
            assertRefused(nameless.intValue(), "it is a Unix socket without a path, which clients could not name");
        } finally {
            bound.close();
            datagrams.close();
            nameless.close();
        }
    }

    private static void assertRefused(int descriptor, String why) {
        assertThatThrownBy(() -> ListeningDescriptor.take(descriptor, "odd"))
                .isInstanceOf(ListenException.class)
                .hasMessage("descriptor " + descriptor + " (odd): " + why);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:10809, 127.0.0.1:10809, true",
        "127.0.0.1:10809, 127.0.0.1:10808, false",
        "127.0.0.1:10809, 127.0.0.2:10809, false",
        "[::]:10809, 0.0.0.0:10809, true",
        "[::1]:10809, [0:0::1]:10809, true",
        "[::1]:10809, 127.0.0.1:10809, false",
        "127.0.0.1:10809, no.such.host.invalid:10809, false",
        "127.0.0.1:10809, unix:/run/a, false",
        "unix:/run/a, 127.0.0.1:10809, false",
        "unix:/run/a, unix:/run/a, true",
        "unix:/run/a, unix:/run/b, false",
    })
    @DisplayName("It takes the place of the address that it listens on")
    void isFor(String passed, String wanted, boolean same) {
        PassedSocket socket = new PassedSocket(3, "s", ListenAddress.parse(passed));
        assertThat(socket.isFor(ListenAddress.parse(wanted))).isEqualTo(same);
    }

    @Test
    @DisplayName("A transport that cannot take them over says so")
    void nio() {
        NbdServer.Settings settings =
                new NbdServer.Settings(1, 1, new ConnectionLimits(10, 10, 20_000), 64 << 20, SessionLimits.DEFAULT);
        PassedSocket socket = new PassedSocket(3, "net", ListenAddress.parse("127.0.0.1:10809"));
        try (NbdServer server =
                new NbdServer(new ExportTable(List.of(), null), settings, Transport.nio("NIO (no epoll)"))) {
            assertThatThrownBy(() -> server.listen(socket, Encryption.OFF))
                    .isInstanceOf(ListenException.class)
                    .hasMessage("descriptor 3 (net): only epoll can take it over, and the transport is NIO (no epoll)");
            assertThat(server.addresses()).isEmpty();
        }
    }
}
