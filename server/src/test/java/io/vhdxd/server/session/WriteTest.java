package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class WriteTest {
    private static final int MIB = 1 << 20;

    private final MemoryDisk disk = new MemoryDisk(640);

    @SuppressWarnings("NullAway.Init") // set before each test
    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.of(disk);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    @DisplayName("A block that is present is overwritten without the writer")
    void overwrite() throws IOException {
        disk.allPresent();
        try (NbdClient client = server.simpleClient()) {
            client.write(0, 1, 512, payload(1024));
            assertThat(client.outcome()).isZero();
            assertThat(client.read(512, 1024)).isEqualTo(payload(1024));
            assertThat(disk.events()).containsExactly("overwrite 512+1024");
        }
    }

    @Test
    @DisplayName("A block that is not present is the writer's business")
    void firstWrite() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            client.write(0, 1, 512, payload(1024));
            assertThat(client.outcome()).isZero();
            assertThat(client.read(512, 1024)).isEqualTo(payload(1024));
            assertThat(disk.events()).containsExactly("write 512+1024");
        }
    }

    @Test
    @DisplayName("CM-02: FUA on an overwrite is answered after a flush; on a first write the writer makes it durable")
    void forceUnitAccess() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            client.write(CommandFlags.FUA, 1, 0, payload(512));
            assertThat(client.outcome()).isZero();
            client.write(CommandFlags.FUA, 2, 0, payload(512));
            assertThat(client.outcome()).isZero();
            assertThat(disk.events()).containsExactly("write 0+512 durable", "overwrite 0+512", "flush");
        }
    }

    @Test
    @DisplayName("A large WRITE does not keep the event loop")
    void largeWrite() throws IOException {
        disk.allPresent();
        disk.overwriteGate.close();
        try (NbdClient large = server.simpleClient();
                NbdClient other = server.simpleClient()) {
            large.write(0, 1, 0, payload(32 * MIB));
            disk.overwriteGate.awaitHeld(1);
            // Two loops serve two connections; both of them answer.
            assertThat(other.read(0, 512)).hasSize(512);
            large.request(Command.READ, 0, 2, 39L * MIB, 512);
            assertThat(large.simpleReply(512).cookie()).isEqualTo(2);
            disk.overwriteGate.open();
            assertThat(large.outcome()).isZero();
            assertThat(Arrays.copyOf(disk.content(), 32 * MIB)).isEqualTo(payload(32 * MIB));
        }
    }

    @Test
    @DisplayName("A large first WRITE goes from the pool to the writer")
    void largeFirstWrite() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            client.write(CommandFlags.FUA, 1, MIB, payload(2 * MIB));
            assertThat(client.outcome()).isZero();
            assertThat(disk.events()).containsExactly("write " + MIB + "+" + 2 * MIB + " durable");
            assertThat(client.read(MIB, 2 * MIB)).isEqualTo(payload(2 * MIB));
        }
    }

    @Test
    @DisplayName("FLUSH, TRIM and WRITE_ZEROES reach the writer with their flags")
    void writerCommands() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            client.request(Command.FLUSH, 0, 1, 0, 0);
            assertThat(client.outcome()).isZero();
            client.request(Command.TRIM, CommandFlags.FUA, 2, 4096, 8192);
            assertThat(client.outcome()).isZero();
            client.request(Command.WRITE_ZEROES, CommandFlags.NO_HOLE, 3, 0, 1000);
            assertThat(client.outcome()).isZero();
            client.request(Command.WRITE_ZEROES, CommandFlags.FAST_ZERO | CommandFlags.FUA, 4, 0, 1000);
            assertThat(client.outcome()).isZero();
            assertThat(disk.events())
                    .containsExactly(
                            "flush", "trim 4096+8192 durable", "zero 0+1000 allocated", "zero 0+1000 durable fast");
        }
    }

    @Test
    @DisplayName("RQ-08, TF-08, CM-06: nothing is done for no bytes, nor for CACHE")
    void nothingToDo() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            client.write(0, 1, 0, new byte[0]);
            assertThat(client.outcome()).isZero();
            client.request(Command.TRIM, 0, 2, 0, 0);
            assertThat(client.outcome()).isZero();
            client.request(Command.WRITE_ZEROES, 0, 3, 0, 0);
            assertThat(client.outcome()).isZero();
            client.request(Command.CACHE, 0, 4, 0, 4096);
            assertThat(client.outcome()).isZero();
            assertThat(disk.events()).isEmpty();
        }
    }

    @Test
    @DisplayName("RQ-03, RQ-07: a WRITE past the end is ENOSPC; its payload is consumed")
    void pastTheEnd() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            client.write(0, 1, disk.sizeBytes() - 512, payload(1024));
            assertThat(client.outcome()).isEqualTo(NbdError.ENOSPC.wireValue());
            assertThat(client.read(0, 512)).isEqualTo(new byte[512]);
        }
    }

    @Test
    @DisplayName("TF-02: a read-only export refuses every change with EPERM, and takes a FLUSH")
    void readOnly() throws IOException {
        try (TestServer readOnly = TestServer.readOnly(new MemoryDisk(1));
                NbdClient client = readOnly.simpleClient()) {
            client.write(0, 1, 0, payload(512));
            assertThat(client.outcome()).isEqualTo(NbdError.EPERM.wireValue());
            client.request(Command.TRIM, 0, 2, 0, 512);
            assertThat(client.outcome()).isEqualTo(NbdError.EPERM.wireValue());
            client.request(Command.WRITE_ZEROES, 0, 3, 0, 512);
            assertThat(client.outcome()).isEqualTo(NbdError.EPERM.wireValue());
            client.request(Command.FLUSH, 0, 4, 0, 0);
            assertThat(client.outcome()).isZero();
        }
    }

    @Test
    @DisplayName("DC-03: a client that sends no more still gets its replies")
    void halfClose() throws IOException {
        disk.writerGate.close();
        try (NbdClient client = server.simpleClient()) {
            client.write(0, 1, 0, payload(512));
            client.request(Command.READ, 0, 2, 4096, 512);
            client.endInput();
            assertThat(client.simpleReply(512).cookie()).isEqualTo(2);
            disk.writerGate.open();
            assertThat(client.outcome()).isZero();
            assertThat(client.isAtEnd()).isTrue();
            assertThat(disk.events()).containsExactly("write 0+512");
        }
    }

    @Test
    @DisplayName("CM-12, reliability.md 69: DISC finishes what came before it, and nothing that comes behind it")
    void disconnect() throws IOException {
        disk.writerGate.close();
        try (NbdClient client = server.simpleClient()) {
            client.write(0, 1, 0, payload(512));
            client.request(Command.DISC, 0, 2, 0, 0);
            client.write(0, 3, 512, payload(512));
            disk.writerGate.open();
            assertThat(client.chunk().cookie()).isEqualTo(1);
            client.awaitEnd();
            assertThat(disk.events()).containsExactly("write 0+512");
        }
    }

    private static byte[] payload(int length) {
        byte[] payload = new byte[length];
        new Random(length).nextBytes(payload);
        return payload;
    }
}
