package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.FarMachine;
import io.vhdxd.server.support.Leaks;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Clients in a network namespace whose cable is cut: no FIN and no reset tells the server. Each has another server, and all
 * of them wait at the same time.
 */
@DisplayName("R2, SEC-38, SEC-40, reliability.md 53: a client whose machine is gone without a sign")
@NeedsTool({"root", "ip"})
class VanishedMachineTest {
    private static final boolean DEEP = Boolean.getBoolean("vhdxd.deep");

    /** What a server waits for a client that acknowledges nothing, and some more. */
    private static final int GIVEN_UP_SECONDS = 180;

    /** Too large for the event loop. */
    private static final int LARGE = MemoryDisk.BLOCK_BYTES;

    private static final int SMALL = 4096;

    /** One request at a time: while that is held, nothing is read from the client. */
    private static final SessionLimits ONE_REQUEST = new SessionLimits(1, 1 << 20, 0, SMALL);

    /** What the dead client writes, what its successor writes, and what the dead client sends when it is back. */
    private static final int DEAD = 1;

    private static final int SUCCESSOR = 2;
    private static final int ZOMBIE = 3;

    @Test
    @DisplayName(
            "The server drops it when another one comes; nothing that it sent or sends lands behind its successor's")
    void cutCable() throws IOException {
        try (FarMachine far = new FarMachine();
                Bystanders bystanders = new Bystanders(far);
                Takeover withinRequest = new WithinRequest(far);
                Takeover underWay = new UnderWay(far);
                Takeover unread = new Unread(far)) {
            List<Takeover> takeovers = List.of(withinRequest, underWay, unread);
            Leaks leaks = new Leaks();
            bystanders.begin();
            for (Takeover takeover : takeovers) {
                takeover.begin();
            }
            far.cut();
            for (Takeover takeover : takeovers) {
                takeover.succeed();
            }
            for (Takeover takeover : takeovers) {
                takeover.takeOver();
            }
            bystanders.whileCut();
            for (Takeover takeover : takeovers) {
                takeover.comeBack();
            }
            far.mend();
            for (Takeover takeover : takeovers) {
                takeover.verify();
            }
            bystanders.end();
            leaks.assertNone();
        }
    }

    /** A client that is gone, and another one that comes in its place. */
    private abstract static class Takeover implements AutoCloseable {
        final MemoryDisk disk = new MemoryDisk(1).allPresent();
        final TestServer server;
        private final FarMachine far;
        private final ListenAddress address;
        private final List<NbdClient> clients = new ArrayList<>();

        Takeover(FarMachine far) throws IOException {
            this.far = far;
            disk.gateOverwritesFrom(LARGE);
            server = TestServer.of(disk, ONE_REQUEST, 64 << 20);
            address = server.server().listen(new ListenAddress.Tcp(far.address(), 0));
            // What the process needs once is there before it is counted.
            try (NbdClient first = far.there(() -> NbdClient.simple(address, TestServer.EXPORT))) {
                assertThat(first.read(0, 1)).containsExactly(0);
            }
            Await.until(() -> server.server().connectionCount() == 0);
        }

        /** The client that is going to vanish begins its work. */
        abstract void begin() throws IOException;

        /** The other client asks to be let in. */
        void succeed() throws IOException {
            NbdClient next = NbdClient.connect(server.address());
            clients.add(next);
            next.sendGo(TestServer.EXPORT);
        }

        final NbdClient connectFromAfar() throws IOException {
            NbdClient gone = far.there(() -> NbdClient.simple(address, TestServer.EXPORT));
            clients.add(gone);
            return gone;
        }

        final NbdClient gone() {
            return clients.getFirst();
        }

        final NbdClient next() {
            return clients.getLast();
        }

        void takeOver() throws IOException {
            next().untilAck();
            next().write(0, 7, 0, payload(LARGE, SUCCESSOR));
            assertThat(next().outcome()).isZero();
            disk.forgetEvents();
        }

        /** The system of the client goes on with what it did not get rid of before. */
        void comeBack() throws IOException {
            gone().send(write(0, SMALL, ZOMBIE));
        }

        final void verify() throws IOException {
            Await.until(() -> server.server().connectionCount() == 1);
            gone().awaitEnd();
            assertThat(disk.content()).isEqualTo(payload(LARGE, SUCCESSOR));
            assertThat(disk.events()).isEmpty();
            for (NbdClient client : clients) {
                client.close();
            }
            Await.until(() -> server.server().connectionCount() == 0);
        }

        @Override
        public void close() throws IOException {
            for (NbdClient client : clients) {
                client.close();
            }
            server.close();
        }
    }

    /** All that the server has of the last WRITE is its first half. */
    private static final class WithinRequest extends Takeover {
        private static final int HALF = 700;
        private final byte[] request = write(0, SMALL, ZOMBIE);

        WithinRequest(FarMachine far) throws IOException {
            super(far);
        }

        @Override
        void begin() throws IOException {
            NbdClient client = connectFromAfar();
            // In one segment, so what is behind the first request is there when that is answered.
            client.send(concat(write(0, 512, DEAD), Arrays.copyOf(request, HALF)));
            assertThat(client.outcome()).isZero();
        }

        @Override
        void comeBack() throws IOException {
            gone().send(Arrays.copyOfRange(request, HALF, request.length));
        }
    }

    /** A WRITE has come, and takes its time. */
    private static final class UnderWay extends Takeover {
        UnderWay(FarMachine far) throws IOException {
            super(far);
        }

        @Override
        void begin() throws IOException {
            disk.overwriteGate.close();
            connectFromAfar().write(0, 1, 0, payload(LARGE, DEAD));
            disk.overwriteGate.awaitHeld(1);
        }

        @Override
        void takeOver() throws IOException {
            Await.until(() -> server.server().connectionCount() == 1);
            assertThat(next().isQuiet()).as("its write is waited for").isTrue();
            disk.overwriteGate.open();
            super.takeOver();
        }
    }

    /** More is unread than an end could show itself behind. */
    private static final class Unread extends Takeover {
        private static final int COUNT = 10;

        Unread(FarMachine far) throws IOException {
            super(far);
        }

        @Override
        void begin() throws IOException {
            disk.overwriteGate.close();
            NbdClient client = connectFromAfar();
            client.write(0, 1, 0, payload(LARGE, DEAD));
            disk.overwriteGate.awaitHeld(1);
            ByteBuffer unread = ByteBuffer.allocate(COUNT * (28 + SMALL));
            for (int i = 0; i < COUNT; i++) {
                unread.put(write((long) i * SMALL, SMALL, DEAD));
            }
            client.send(unread.array());
        }

        @Override
        void succeed() throws IOException {
            super.succeed();
            server.awaitSettling(1);
            disk.overwriteGate.open();
        }
    }

    /** Clients on the same machine in whose place nobody comes. */
    private static final class Bystanders implements AutoCloseable {
        private final MemoryDisk disk = new MemoryDisk(1).allPresent();
        private final TestServer server = TestServer.of(disk);
        private final FarMachine far;
        private final ListenAddress address;
        private final byte[] request = write(0, SMALL, DEAD);
        private final List<NbdClient> clients = new ArrayList<>();

        Bystanders(FarMachine far) throws IOException {
            this.far = far;
            address = server.server().listen(new ListenAddress.Tcp(far.address(), 0));
        }

        void begin() throws IOException {
            for (int i = 0; i < 3; i++) {
                clients.add(far.there(() -> NbdClient.simple(address, TestServer.EXPORT)));
            }
            clients.get(1).send(Arrays.copyOf(request, request.length / 2));
            disk.setCold(true);
            disk.readGate.close();
            clients.get(2).request(Command.READ, 0, 1, 0, SMALL);
            disk.readGate.awaitHeld(1);
        }

        /** One gets a reply that does not arrive, of one a request comes in part, one is idle. */
        void whileCut() {
            disk.readGate.open();
            if (DEEP) {
                Await.until(GIVEN_UP_SECONDS, () -> server.server().connectionCount() == 0);
                assertThat(disk.content()).isEqualTo(new byte[LARGE]);
            }
        }

        void end() throws IOException {
            if (!DEEP) {
                assertThat(clients.get(2).simpleReply(SMALL).error()).isZero();
                clients.get(1).send(Arrays.copyOfRange(request, request.length / 2, request.length));
                assertThat(clients.get(1).outcome()).isZero();
                disk.setCold(false);
                assertThat(clients.get(0).read(0, SMALL)).isEqualTo(payload(SMALL, DEAD));
            }
            close(clients);
            Await.until(() -> server.server().connectionCount() == 0);
        }

        private static void close(List<NbdClient> clients) throws IOException {
            for (NbdClient client : clients) {
                client.close();
            }
        }

        @Override
        public void close() throws IOException {
            close(clients);
            server.close();
        }
    }

    private static byte[] write(long offset, int length, int value) {
        return concat(NbdClient.header(Command.WRITE, 0, 1, offset, length).array(), payload(length, value));
    }

    private static byte[] concat(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length)
                .put(first)
                .put(second)
                .array();
    }

    private static byte[] payload(int length, int value) {
        byte[] payload = new byte[length];
        Arrays.fill(payload, (byte) value);
        return payload;
    }
}
