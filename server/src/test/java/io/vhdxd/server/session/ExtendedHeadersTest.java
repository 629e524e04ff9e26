package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NbdClient.Chunk;
import io.vhdxd.server.support.ServedDisk;
import io.vhdxd.vhdx.ExtentKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@DisplayName("Sessions with extended headers")
class ExtendedHeadersTest {
    private static final int BLOCK = MemoryDisk.BLOCK_BYTES;
    private static final long COOKIE = 0xfedcba9876543210L;

    @RegisterExtension
    private final ServedDisk served = new ServedDisk(8);

    private final MemoryDisk disk = served.disk();

    @SuppressWarnings("NullAway.Init") // set before each test
    private NbdClient client;

    @BeforeEach
    void start() throws IOException {
        client = served.server().extendedClient("base:allocation");
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
    }

    @Test
    @DisplayName("EX-01, EX-03: every command is answered with extended headers that repeat the request's offset")
    void everyCommand() throws IOException {
        byte[] payload = new byte[3 * BLOCK];
        new Random(1).nextBytes(payload);
        client.write(CommandFlags.FUA, COOKIE, BLOCK - 7L, payload);
        assertSuccess(BLOCK - 7);
        assertThat(client.read(BLOCK - 7, payload.length)).isEqualTo(payload);

        client.request(Command.FLUSH, 0, COOKIE, 0, 0);
        assertSuccess(0);
        client.request(Command.CACHE, 0, COOKIE, 512, 512);
        assertSuccess(512);
        client.request(Command.WRITE_ZEROES, CommandFlags.NO_HOLE, COOKIE, BLOCK, BLOCK);
        assertSuccess(BLOCK);
        client.request(Command.TRIM, 0, COOKIE, 2 * BLOCK, BLOCK);
        assertSuccess(2 * BLOCK);
        client.request(Command.READ, 0, COOKIE, 5, 0);
        assertSuccess(5);
        assertThat(disk.events())
                .containsSubsequence("zero " + BLOCK + "+" + BLOCK + " allocated", "trim " + 2 * BLOCK + "+" + BLOCK);
    }

    private void assertSuccess(long offset) throws IOException {
        Chunk chunk = client.chunk();
        assertThat(chunk).isEqualTo(new Chunk(false, true, ChunkType.NONE, 0, COOKIE, offset, ByteBuffer.allocate(0)));
    }

    @Test
    @DisplayName("EX-01, EX-03: errors have a text, and are never simple, whatever the command")
    void errors() throws IOException {
        for (int command : new int[] {Command.READ, Command.TRIM, Command.CACHE, Command.BLOCK_STATUS, 8, 0xffff}) {
            client.request(command, 0, COOKIE, -512, -1);
            assertError(NbdError.EINVAL, -512);
        }
        client.request(Command.WRITE_ZEROES, 0, COOKIE, 0, 1L << 62);
        assertError(NbdError.ENOSPC, 0);
        disk.failReads(new IOException("broken"));
        client.write(0, COOKIE, 0, new byte[1]);
        assertSuccess(0);
        client.request(Command.READ, 0, COOKIE, 0, 512);
        assertError(NbdError.EIO, 0);
    }

    private void assertError(NbdError error, long offset) throws IOException {
        Chunk chunk = client.chunk();
        assertThat(chunk.type()).isEqualTo(ChunkType.ERROR);
        assertThat(chunk.done()).isTrue();
        assertThat(chunk.error()).isEqualTo(error.wireValue());
        assertThat(chunk.cookie()).isEqualTo(COOKIE);
        assertThat(chunk.requestOffset()).isEqualTo(offset);
        assertThat(chunk.text()).as("CL-04").endsWith(".");
    }

    @Test
    @DisplayName("EX-03, RP-06: holes and data of a READ, each with the offset of the request in its header")
    void sparseRead() throws IOException {
        disk.setBlock(1, ExtentKind.DATA);
        client.request(Command.READ, 0, COOKIE, 512, 3 * BLOCK);
        List<Chunk> chunks = client.chunks();
        assertThat(chunks)
                .extracting(Chunk::type)
                .containsExactly(ChunkType.OFFSET_HOLE, ChunkType.OFFSET_DATA, ChunkType.OFFSET_HOLE);
        assertThat(chunks).extracting(Chunk::requestOffset).containsOnly(512L);
        assertThat(chunks)
                .extracting(chunk -> chunk.content().getLong(0))
                .containsExactly(512L, (long) BLOCK, 2L * BLOCK);
        client.request(Command.READ, CommandFlags.DF, COOKIE, 512, 3 * BLOCK);
        assertThat(client.chunks()).singleElement().satisfies(chunk -> {
            assertThat(chunk.type()).isEqualTo(ChunkType.OFFSET_DATA);
            assertThat(chunk.content().capacity()).isEqualTo(8 + 3 * BLOCK);
        });
    }

    @Test
    @DisplayName("EX-06: BLOCK_STATUS is answered by chunks of type 6, with a count and 64-bit extents")
    void blockStatus() throws IOException {
        disk.setBlock(1, ExtentKind.DATA);
        client.request(Command.BLOCK_STATUS, 0, COOKIE, 512, 3 * BLOCK);
        assertStatus(512, 1, BLOCK - 512, 3, BLOCK, 0, BLOCK + 512, 3);
        client.request(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, COOKIE, 512, 3 * BLOCK);
        assertStatus(512, 1, BLOCK - 512, 3);
    }

    @Test
    @DisplayName("EX-07: BLOCK_STATUS with a payload that names the context")
    void blockStatusWithPayload() throws IOException {
        client.request(Command.BLOCK_STATUS, 0, COOKIE, 512, contexts(2 * BLOCK, 1));
        assertStatus(512, 1, 2 * BLOCK, 3);
    }

    @Test
    @DisplayName("EX-07: contexts that were not selected, or named twice, and lengths that do not fit, get EINVAL")
    void malformedBlockStatusPayload() throws IOException {
        for (byte[] payload : List.of(
                contexts(BLOCK, 7),
                contexts(BLOCK, 1, 1),
                contexts(BLOCK),
                contexts(-1, 1),
                contexts(0, 1),
                new byte[0],
                new byte[11],
                new byte[1 << 20])) {
            client.request(Command.BLOCK_STATUS, 0, COOKIE, 512, payload);
            assertError(NbdError.EINVAL, 512);
        }
        client.request(Command.FLUSH, 0, COOKIE, 0, 0);
        assertSuccess(0);
    }

    @Test
    @DisplayName("EX-07, TF-10: without a context that was selected, the payload is consumed and refused")
    void blockStatusPayloadWithoutContexts() throws IOException {
        try (NbdClient other = served.server().extendedClient()) {
            other.request(Command.BLOCK_STATUS, 0, 1, 0, contexts(BLOCK, 1));
            assertThat(other.outcome()).isEqualTo(NbdError.EINVAL.wireValue());
            other.request(Command.FLUSH, 0, 2, 0, 0);
            assertThat(other.outcome()).isZero();
        }
    }

    @Test
    @DisplayName("EX-04: payloads on commands that take none are consumed, and the command gets EINVAL")
    void payloadWhereNoneBelongs() throws IOException {
        for (int command : new int[] {Command.READ, Command.FLUSH, Command.TRIM, Command.WRITE_ZEROES, 8, 99}) {
            for (int length : new int[] {0, 1, 512, 1 << 20}) {
                client.request(command, 0, COOKIE, 0, new byte[length]);
                assertError(NbdError.EINVAL, 0);
            }
        }
        client.request(Command.WRITE, 0, COOKIE, 0, 512);
        assertError(NbdError.EINVAL, 0);
        assertThat(disk.events()).isEmpty();
    }

    @Test
    @DisplayName("EX-05: one TRIM and one WRITE_ZEROES of the whole disk")
    void wholeDisk() throws IOException {
        client.request(Command.TRIM, 0, COOKIE, 0, disk.sizeBytes());
        assertSuccess(0);
        client.request(Command.WRITE_ZEROES, 0, COOKIE, 0, disk.sizeBytes());
        assertSuccess(0);
        assertThat(disk.events()).containsExactly("trim 0+" + disk.sizeBytes(), "zero 0+" + disk.sizeBytes());
    }

    private static byte[] contexts(long length, int... ids) {
        ByteBuffer payload = ByteBuffer.allocate(8 + 4 * ids.length).putLong(length);
        for (int id : ids) {
            payload.putInt(id);
        }
        return payload.array();
    }

    /** Checks the only chunk of a reply: lengths and flags of its extents by turns. */
    private void assertStatus(long requestOffset, int contextId, long... extents) throws IOException {
        Chunk chunk = client.chunk();
        assertThat(chunk.type()).isEqualTo(ChunkType.BLOCK_STATUS_EXT);
        assertThat(chunk.done()).isTrue();
        assertThat(chunk.requestOffset()).isEqualTo(requestOffset);
        ByteBuffer content = chunk.content();
        assertThat(content.getInt()).isEqualTo(contextId);
        assertThat(content.getInt()).isEqualTo(extents.length / 2);
        long[] found = new long[content.remaining() / 8];
        content.asLongBuffer().get(found);
        assertThat(found).containsExactly(extents);
    }
}
