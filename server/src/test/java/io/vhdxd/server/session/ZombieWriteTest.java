package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("R2, SEC-38: no write of a connection that is gone lands after a later one was answered")
class ZombieWriteTest {
    /** Too large for the event loop. */
    private static final int LARGE = 2 * SessionLimits.DEFAULT.inlineBytes();

    private static final int TAKEOVERS = Boolean.getBoolean("vhdxd.deep") ? 1000 : 50;

    /** One request at a time: while that is held, nothing is read from the client. */
    private static final SessionLimits ONE_REQUEST = new SessionLimits(1, LARGE, 0, 32 << 10);

    private final MemoryDisk disk = new MemoryDisk(128);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("A write that waits for the writer: a reset drops it, an ordinary end does not; the next client waits")
    void queuedForTheWriter(boolean reset) throws IOException {
        try (TestServer server = TestServer.of(disk)) {
            disk.writerGate.close();
            NbdClient gone = server.simpleClient();
            gone.write(0, 1, 0, payload(512, 1));
            disk.writerGate.awaitHeld(1);
            if (reset) {
                gone.reset();
            } else {
                gone.close();
            }
            Await.until(() -> !server.export().leftovers().isNone());
            try (NbdClient next = NbdClient.connect(server.address())) {
                next.sendGo(TestServer.EXPORT);
                server.awaitWaiting(1);
                assertThat(next.isQuiet()).isTrue();
                disk.writerGate.open();
                next.untilAck();
                next.write(0, 2, 512, payload(512, 2));
                assertThat(next.outcome()).isZero();
                String first = reset ? "dropped write 0+512" : "write 0+512";
                String second = reset ? "write 512+512" : "overwrite 512+512";
                assertThat(disk.events()).containsExactly(first, second);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("A write that has begun is waited for, also by a client that is connected already")
    void begun(boolean reset) throws IOException {
        disk.allPresent();
        disk.gateOverwritesFrom(LARGE);
        try (TestServer server = TestServer.of(disk);
                NbdClient sibling = server.simpleClient()) {
            disk.overwriteGate.close();
            NbdClient gone = server.simpleClient();
            gone.write(0, 1, 0, payload(LARGE, 1));
            disk.overwriteGate.awaitHeld(1);
            if (reset) {
                gone.reset();
            } else {
                gone.close();
            }
            try (NbdClient next = NbdClient.connect(server.address())) {
                next.sendGo(TestServer.EXPORT);
                server.awaitWaiting(1);
                sibling.write(0, 2, 0, payload(512, 2));
                server.awaitWaiting(2);
                // Reading is no danger.
                sibling.endInput();
                disk.overwriteGate.open();
                assertThat(sibling.outcome()).isZero();
                next.untilAck();
                assertThat(next.read(0, 512)).isEqualTo(payload(512, 2));
                assertThat(disk.events()).containsExactly("overwrite 0+" + LARGE, "overwrite 0+512");
            }
        }
    }

    @Test
    @DisplayName("A large write that no thread of the pool has begun is dropped")
    void queuedForThePool() throws IOException {
        disk.allPresent();
        disk.gateOverwritesFrom(LARGE);
        try (TestServer server = TestServer.of(disk);
                NbdClient busy = server.simpleClient()) {
            disk.overwriteGate.close();
            busy.write(0, 1, 0, payload(LARGE, 1));
            busy.write(0, 2, LARGE, payload(LARGE, 1));
            disk.overwriteGate.awaitHeld(2);
            NbdClient gone = server.simpleClient();
            gone.write(0, 3, 2L * LARGE, payload(LARGE, 3));
            // The requests of a connection are begun in their order, so the write has been handed to the pool.
            assertThat(gone.read(0, 512)).hasSize(512);
            gone.reset();
            try (NbdClient next = NbdClient.connect(server.address())) {
                next.sendGo(TestServer.EXPORT);
                server.awaitWaiting(1);
                disk.overwriteGate.open();
                next.untilAck();
                assertThat(next.read(2L * LARGE, 512)).isEqualTo(new byte[512]);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("reliability.md 53: what a client left unread in its socket never lands, if its end can be seen")
    void unreadInTheSocket(boolean unixSocket) throws IOException {
        disk.allPresent();
        disk.gateOverwritesFrom(LARGE);
        try (TestServer server = TestServer.of(disk, ONE_REQUEST, 64 << 20)) {
            ListenAddress address = listen(server, unixSocket);
            disk.overwriteGate.close();
            NbdClient gone = NbdClient.simple(address, TestServer.EXPORT);
            gone.write(0, 1, 0, payload(LARGE, 1));
            disk.overwriteGate.awaitHeld(1);
            // Behind more than the server's kernel takes, the end of a TCP stream is not seen.
            assertThat(gone.sendWithoutWaiting(manyWrites(unixSocket ? 4 << 20 : 24 << 10)))
                    .isGreaterThan(10_000);
            gone.close();
            try (NbdClient next = NbdClient.connect(address)) {
                next.sendGo(TestServer.EXPORT);
                server.awaitWaiting(1);
                disk.overwriteGate.open();
                next.untilAck();
                next.write(0, 2, 0, payload(512, 2));
                assertThat(next.outcome()).isZero();
                assertThat(next.read(0, 512)).isEqualTo(payload(512, 2));
                assertThat(disk.events()).containsExactly("overwrite 0+" + LARGE, "overwrite 0+512");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("reliability.md 53: 4 MiB of writes queued when the client is gone never land after its successor's")
    void takeover(boolean unixSocket) throws IOException {
        disk.allPresent();
        disk.gateOverwritesFrom(LARGE);
        try (TestServer server = TestServer.of(disk, ONE_REQUEST, 64 << 20)) {
            ListenAddress address = listen(server, unixSocket);
            for (int round = 1; round <= TAKEOVERS; round++) {
                disk.overwriteGate.close();
                NbdClient gone = NbdClient.simple(address, TestServer.EXPORT);
                gone.write(0, 1, 0, payload(LARGE, 1));
                disk.overwriteGate.awaitHeld(1);
                assertThat(gone.sendWithoutWaiting(manyWrites(4 << 20))).isGreaterThan(100_000);
                gone.close();
                try (NbdClient next = NbdClient.connect(address)) {
                    next.sendGo(TestServer.EXPORT);
                    if (round % 2 == 0) {
                        assertThat(next.isQuiet()).isTrue();
                    }
                    disk.overwriteGate.open();
                    next.untilAck();
                    next.write(0, 2, 0, payload(4096, round));
                    assertThat(next.outcome()).isZero();
                    int eventCount = disk.events().size();
                    assertThat(next.read(0, 4096)).as("round %d", round).isEqualTo(payload(4096, round));
                    // The old connection is over, so nothing can come of it any more.
                    Await.until(() -> server.server().connectionCount() == 1);
                    assertThat(disk.events()).hasSize(eventCount);
                    assertThat(next.read(0, 4096)).as("round %d", round).isEqualTo(payload(4096, round));
                }
                Await.until(() -> server.server().connectionCount() == 0);
                disk.forgetEvents();
            }
        }
    }

    @Test
    @DisplayName("A client whose end cannot come through to a server that does not read: its successor waits")
    void endHiddenBehindUnreadBytes() throws IOException {
        disk.allPresent();
        disk.gateOverwritesFrom(LARGE);
        try (TestServer server = TestServer.of(disk, ONE_REQUEST, 64 << 20)) {
            disk.overwriteGate.close();
            NbdClient gone = server.simpleClient();
            gone.write(0, 1, 0, payload(LARGE, 1));
            disk.overwriteGate.awaitHeld(1);
            // More than the sockets hold.
            ByteBuffer writes = manyWrites(64 << 20);
            assertThat(gone.sendWithoutWaiting(writes)).isLessThan(writes.limit());
            gone.close();
            try (NbdClient next = NbdClient.connect(server.address())) {
                next.sendGo(TestServer.EXPORT);
                server.awaitSettling(1);
                assertThat(next.isQuiet()).isTrue();
                disk.overwriteGate.open();
                next.untilAck();
                next.write(0, 2, 0, payload(512, 2));
                assertThat(next.outcome()).isZero();
            }
        }
        assertThat(disk.content()).startsWith(payload(512, 2));
        assertThat(disk.events()).endsWith("overwrite 0+512");
    }

    @Test
    @DisplayName("A client that is there, with unread bytes in its socket, keeps no other one out")
    void presentWithUnreadBytes() throws IOException {
        int held = 64 << 10;
        disk.allPresent();
        disk.gateOverwritesFrom(held);
        try (TestServer server = TestServer.of(disk, ONE_REQUEST, 64 << 20)) {
            disk.overwriteGate.close();
            try (NbdClient busy = server.simpleClient();
                    NbdClient next = NbdClient.connect(server.address())) {
                busy.write(0, 1, 0, payload(held, 1));
                disk.overwriteGate.awaitHeld(1);
                busy.write(0, 2, 0, payload(4096, 2));
                busy.write(0, 3, 0, payload(4 * held, 3));
                next.sendGo(TestServer.EXPORT);
                server.awaitSettling(1);
                // The third write is held again: it is the replies to the others that let the next client in.
                disk.overwriteGate.letThrough(1);
                next.untilAck();
                disk.overwriteGate.open();
                for (int i = 0; i < 3; i++) {
                    assertThat(busy.outcome()).isZero();
                }
            }
        }
    }

    private ListenAddress listen(TestServer server, boolean unixSocket) throws IOException {
        return unixSocket
                ? server.server().listen(new ListenAddress.Unix(directory.resolve("socket")))
                : server.address();
    }

    @Test
    @DisplayName("reliability.md 51, DC-04: a write that is cut off changes nothing, wherever it is cut")
    void cutOff() throws IOException {
        disk.allPresent();
        byte[] request = ByteBuffer.allocate(28 + 4096)
                .put(NbdClient.header(Command.WRITE, 0, 1, 0, 4096).array())
                .put(payload(4096, 7))
                .array();
        try (TestServer server = TestServer.of(disk)) {
            for (int length = 0; length < request.length; length += length < 60 ? 1 : 97) {
                try (NbdClient client = server.simpleClient()) {
                    client.send(Arrays.copyOf(request, length));
                }
            }
            try (NbdClient client = server.simpleClient()) {
                assertThat(client.read(0, 4096)).isEqualTo(new byte[4096]);
                assertThat(disk.events()).isEmpty();
            }
        }
    }

    private static ByteBuffer manyWrites(int bytes) {
        ByteBuffer requests = ByteBuffer.allocate(bytes);
        byte[] payload = payload(4096, 9);
        while (requests.remaining() >= 28 + payload.length) {
            requests.put(NbdClient.header(Command.WRITE, 0, 1, 0, payload.length)
                            .array())
                    .put(payload);
        }
        return requests.flip();
    }

    private static byte[] payload(int length, int value) {
        byte[] payload = new byte[length];
        Arrays.fill(payload, (byte) value);
        return payload;
    }
}
