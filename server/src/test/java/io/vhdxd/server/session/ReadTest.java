package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NbdClient.Chunk;
import io.vhdxd.server.support.TestServer;
import io.vhdxd.vhdx.ExtentKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadTest {
    private static final int BLOCK = MemoryDisk.BLOCK_BYTES;
    private static final int BLOCKS = 200;

    private final MemoryDisk disk = new MemoryDisk(BLOCKS).allPresent();
    private final byte[] expected = new byte[BLOCKS * BLOCK];

    @SuppressWarnings("NullAway.Init") // set before each test
    private TestServer server;

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(expected);
        disk.fill(0, expected);
        server = TestServer.of(disk);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    @DisplayName("RP-01: a simple reply is 16 bytes and exactly the data")
    void simpleReply() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            client.request(Command.READ, 0, 0x1122334455667788L, 1000, 5000);
            Chunk reply = client.simpleReply(5000);
            assertThat(reply.cookie()).isEqualTo(0x1122334455667788L);
            assertThat(reply.error()).isZero();
            assertThat(reply.bytes()).isEqualTo(range(1000, 5000));
        }
    }

    @Test
    @DisplayName("DC-03: a client that sends no more gets a reply that does not fit into the socket at once")
    void halfClose() throws IOException {
        int length = (BLOCKS - 1) * BLOCK;
        disk.setCold(true);
        disk.readGate.close();
        disk.writerGate.close();
        try (NbdClient client = server.simpleClient()) {
            client.request(Command.TRIM, 0, 1, 0, BLOCK);
            client.request(Command.READ, 0, 2, BLOCK, length);
            client.endInput();
            Await.until(() -> !server.export().leftovers().isNone());
            disk.readGate.open();
            assertThat(client.simpleReply(length).bytes()).isEqualTo(range(BLOCK, length));
            disk.writerGate.open();
            assertThat(client.outcome()).isZero();
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    @DisplayName("RP-03, RP-06: a structured reply with one chunk of data")
    void structuredReply() throws IOException {
        try (NbdClient client = server.structuredClient()) {
            client.request(Command.READ, 0, 7, 1000, 5000);
            Chunk reply = client.chunk();
            assertThat(reply.type()).isEqualTo(ChunkType.OFFSET_DATA);
            assertThat(reply.done()).isTrue();
            assertThat(reply.cookie()).isEqualTo(7);
            ByteBuffer content = reply.content();
            assertThat(content.getLong()).isEqualTo(1000);
            assertThat(content.slice()).isEqualTo(ByteBuffer.wrap(range(1000, 5000)));
        }
    }

    @Test
    @DisplayName(
            "CM-01, RP-07, RP-13: each hole comes as one OFFSET_HOLE, without its bytes; data between them as data")
    void holes() throws IOException {
        disk.setBlock(1, ExtentKind.HOLE);
        disk.setBlock(2, ExtentKind.HOLE);
        disk.setBlock(4, ExtentKind.HOLE);
        try (NbdClient client = server.structuredClient()) {
            client.request(Command.READ, 0, 7, BLOCK / 2, 4 * BLOCK);
            List<Chunk> chunks = client.chunks();
            assertThat(chunks)
                    .extracting(Chunk::type)
                    .containsExactly(
                            ChunkType.OFFSET_DATA, ChunkType.OFFSET_HOLE, ChunkType.OFFSET_DATA, ChunkType.OFFSET_HOLE);
            assertHole(chunks.get(1), BLOCK, 2 * BLOCK);
            assertHole(chunks.get(3), 4 * BLOCK, BLOCK / 2);
            assertThat(chunks).extracting(Chunk::done).containsExactly(false, false, false, true);
        }
    }

    @Test
    @DisplayName("RP-10: with DF there is one content chunk, whatever the block map says")
    void dontFragment() throws IOException {
        disk.setBlock(1, ExtentKind.HOLE);
        disk.fill(BLOCK, new byte[BLOCK]);
        try (NbdClient client = server.structuredClient()) {
            client.request(Command.READ, CommandFlags.DF, 7, 0, 2 * BLOCK);
            List<Chunk> chunks = client.chunks();
            assertThat(chunks).hasSize(1);
            assertThat(chunks.getFirst().type()).isEqualTo(ChunkType.OFFSET_DATA);
            assertThat(chunks.getFirst().bytes()).hasSize(8 + 2 * BLOCK);
        }
    }

    @Test
    @DisplayName("RP-10: with DF a range that is all zeros may be one hole")
    void dontFragmentHole() throws IOException {
        disk.setBlock(1, ExtentKind.HOLE);
        try (NbdClient client = server.structuredClient()) {
            client.request(Command.READ, CommandFlags.DF, 7, BLOCK, BLOCK);
            List<Chunk> chunks = client.chunks();
            assertThat(chunks).hasSize(1);
            assertHole(chunks.getFirst(), BLOCK, BLOCK);
        }
    }

    @Test
    @DisplayName("A range in very many pieces comes as one chunk of data")
    void manyPieces() throws IOException {
        for (int block = 0; block < BLOCKS; block += 2) {
            disk.setBlock(block, ExtentKind.HOLE);
            disk.fill(block * BLOCK, new byte[BLOCK]);
            Arrays.fill(expected, block * BLOCK, (block + 1) * BLOCK, (byte) 0);
        }
        try (NbdClient client = server.structuredClient()) {
            client.request(Command.READ, 0, 7, 0, expected.length);
            List<Chunk> chunks = client.chunks();
            assertThat(chunks).hasSize(1);
            assertThat(Arrays.copyOfRange(chunks.getFirst().bytes(), 8, 8 + expected.length))
                    .isEqualTo(expected);
        }
    }

    @Test
    @DisplayName("RQ-08: no bytes are read without a chunk of data, also at the very end")
    void nothing() throws IOException {
        try (NbdClient simple = server.simpleClient();
                NbdClient structured = server.structuredClient()) {
            simple.request(Command.READ, 0, 1, 0, 0);
            assertThat(simple.simpleReply(0).error()).isZero();
            structured.request(Command.READ, 0, 2, disk.sizeBytes(), 0);
            Chunk reply = structured.chunk();
            assertThat(reply.type()).isEqualTo(ChunkType.NONE);
            assertThat(reply.done()).isTrue();
        }
    }

    @Test
    @DisplayName("What has to wait for the device is read on another thread, and overtaken by what need not")
    void coldRead() throws IOException {
        disk.setCold(true);
        disk.readGate.close();
        try (NbdClient client = server.simpleClient()) {
            client.request(Command.READ, 0, 1, 0, 4096);
            disk.readGate.awaitHeld(1);
            disk.setCold(false);
            client.request(Command.READ, 0, 2, 8192, 4096);
            Chunk warm = client.simpleReply(4096);
            disk.readGate.open();
            Chunk cold = client.simpleReply(4096);

            assertThat(warm.cookie()).isEqualTo(2);
            assertThat(warm.bytes()).isEqualTo(range(8192, 4096));
            assertThat(cold.cookie()).isEqualTo(1);
            assertThat(cold.bytes()).isEqualTo(range(0, 4096));
        }
    }

    @Test
    @DisplayName("A large READ does not keep the event loop; its reply is whole, with and without structure")
    void largeRead() throws IOException {
        try (NbdClient simple = server.simpleClient();
                NbdClient structured = server.structuredClient()) {
            assertThat(simple.read(0, expected.length)).isEqualTo(expected);
            assertThat(structured.read(0, expected.length)).isEqualTo(expected);
            assertThat(disk.events()).isNotEmpty().allMatch(event -> event.startsWith("read "));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("A READ whose data is in several buffers is one reply, cached or not")
    void severalBuffers(boolean cold) throws IOException {
        disk.setCold(cold);
        try (NbdClient simple = server.simpleClient();
                NbdClient structured = server.structuredClient()) {
            for (int length :
                    List.of((256 << 10) - 1, 256 << 10, (256 << 10) + 1, 512 << 10, (1 << 20) - 512, 1 << 20)) {
                byte[] wanted = range(512, length);
                assertThat(simple.read(512, length)).isEqualTo(wanted);
                structured.request(Command.READ, CommandFlags.DF, 3, 512, length);
                Chunk reply = structured.chunk();
                assertThat(reply.type()).isEqualTo(ChunkType.OFFSET_DATA);
                assertThat(reply.done()).isTrue();
                assertThat(Arrays.copyOfRange(reply.bytes(), 8, 8 + length)).isEqualTo(wanted);
            }
        }
    }

    @Test
    @DisplayName(
            "RP-02, RP-05, RP-08, DC-01, SEC-29: a failing READ gets EIO and a text, no byte leaves, the connection goes on")
    void failingRead() throws IOException {
        disk.failReads(new IOException("no such sector"));
        try (NbdClient simple = server.simpleClient();
                NbdClient structured = server.structuredClient()) {
            simple.request(Command.READ, 0, 1, 0, 4096);
            assertThat(simple.simpleReply(4096).error()).isEqualTo(NbdError.EIO.wireValue());
            structured.request(Command.READ, 0, 2, 0, 4096);
            Chunk reply = structured.chunk();
            assertThat(reply.type()).isEqualTo(ChunkType.ERROR);
            assertThat(reply.error()).isEqualTo(NbdError.EIO.wireValue());
            assertThat(reply.text()).endsWith(".").doesNotContain("sector");

            disk.failReads(null);
            assertThat(simple.read(0, 512)).isEqualTo(range(0, 512));
            assertThat(structured.read(0, 512)).isEqualTo(range(0, 512));
        }
    }

    @Test
    @DisplayName("reliability.md 42: an error in the server itself is answered, on the event loop and in the pool")
    void brokenRead() throws IOException {
        disk.breakReads(new IllegalStateException("a bug"));
        try (NbdClient client = server.simpleClient()) {
            client.request(Command.READ, 0, 1, 0, 4096);
            assertThat(client.simpleReply(4096).error()).isEqualTo(NbdError.EIO.wireValue());
            client.request(Command.READ, 0, 2, 0, 2 << 20);
            assertThat(client.simpleReply(2 << 20).error()).isEqualTo(NbdError.EIO.wireValue());
            disk.breakReads(null);
            assertThat(client.read(0, 512)).isEqualTo(range(0, 512));
        }
    }

    @Test
    @DisplayName("RQ-07: READ past the end is EINVAL, in whichever form the session has")
    void pastTheEnd() throws IOException {
        try (NbdClient simple = server.simpleClient();
                NbdClient structured = server.structuredClient()) {
            simple.request(Command.READ, 0, 1, disk.sizeBytes() - 512, 513);
            assertThat(simple.simpleReply(513).error()).isEqualTo(NbdError.EINVAL.wireValue());
            structured.request(Command.READ, 0, 2, disk.sizeBytes() - 512, 513);
            assertThat(structured.chunk().type()).isEqualTo(ChunkType.ERROR);
        }
    }

    @Test
    @DisplayName("SEC-34, reliability.md 68: a hundred requests with one cookie get a hundred replies")
    void equalCookies() throws IOException {
        try (NbdClient client = server.simpleClient()) {
            for (int i = 0; i < 100; i++) {
                client.request(Command.READ, 0, 9, i * 512L, 512);
            }
            for (int i = 0; i < 100; i++) {
                assertThat(client.simpleReply(512).cookie()).isEqualTo(9);
            }
        }
    }

    private byte[] range(int offset, int length) {
        return Arrays.copyOfRange(expected, offset, offset + length);
    }

    private static void assertHole(Chunk chunk, long offset, int length) {
        assertThat(chunk.type()).isEqualTo(ChunkType.OFFSET_HOLE);
        ByteBuffer content = chunk.content();
        assertThat(content.getLong()).isEqualTo(offset);
        assertThat(content.getInt()).isEqualTo(length);
        assertThat(content.hasRemaining()).isFalse();
    }
}
