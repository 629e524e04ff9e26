package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.ChunkType;
import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.export.Disk;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.net.ConnectionLimits;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NbdClient.Chunk;
import io.vhdxd.server.support.TestServer;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.ExtentVisitor;
import io.vhdxd.vhdx.request.ImageRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlockStatusTest {
    private static final int BLOCK = MemoryDisk.BLOCK_BYTES;

    /** A length and its flags. */
    private record Extent(long length, int flags) {}

    @Test
    @DisplayName("CM-08, CM-09, MC-14: one chunk for base:allocation, extents side by side, ending with the request")
    void extents() throws IOException {
        MemoryDisk disk = new MemoryDisk(6);
        disk.setBlock(1, ExtentKind.DATA);
        disk.setBlock(2, ExtentKind.DATA);
        try (TestServer server = TestServer.of(disk);
                NbdClient client = server.structuredClient()) {
            assertThat(status(client, 0, 512, 4 * BLOCK))
                    .containsExactly(new Extent(BLOCK - 512, 3), new Extent(2 * BLOCK, 0), new Extent(BLOCK + 512, 3));
        }
    }

    @Test
    @DisplayName("CM-09: REQ_ONE gives one extent, not longer than the request")
    void requestOne() throws IOException {
        MemoryDisk disk = new MemoryDisk(6);
        disk.setBlock(3, ExtentKind.DATA);
        try (TestServer server = TestServer.of(disk);
                NbdClient client = server.structuredClient()) {
            assertThat(status(client, CommandFlags.REQ_ONE, 0, 6 * BLOCK)).containsExactly(new Extent(3 * BLOCK, 3));
            assertThat(status(client, CommandFlags.REQ_ONE, 0, BLOCK)).containsExactly(new Extent(BLOCK, 3));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STRUCTURED", "EXTENDED"})
    @DisplayName("CM-08, CM-10, MC-12: each context has a chunk of its own, with extents of its own")
    void twoContexts(TransmissionMode mode) throws IOException {
        MemoryDisk disk = new MemoryDisk(7);
        disk.setBlock(1, ExtentKind.DATA, 1);
        disk.setBlock(2, ExtentKind.DATA, 3);
        disk.setBlock(3, ExtentKind.HOLE, 3);
        disk.setBlock(4, ExtentKind.HOLE, 2);
        try (TestServer server = TestServer.of(disk);
                NbdClient client = NbdClient.transmitting(
                        server.address(), TestServer.EXPORT, mode, "qemu:allocation-depth", "base:allocation")) {
            for (boolean cold : new boolean[] {false, true}) {
                disk.setCold(cold);
                client.request(Command.BLOCK_STATUS, 0, 5, 0, 7 * BLOCK);
                assertThat(extents(client.chunk(), MetaContext.BASE_ALLOCATION, mode, false))
                        .containsExactly(new Extent(BLOCK, 3), new Extent(2 * BLOCK, 0), new Extent(4 * BLOCK, 3));
                assertThat(extents(client.chunk(), MetaContext.ALLOCATION_DEPTH, mode, true))
                        .containsExactly(
                                new Extent(BLOCK, 0),
                                new Extent(BLOCK, 1),
                                new Extent(2 * BLOCK, 3),
                                new Extent(BLOCK, 2),
                                new Extent(2 * BLOCK, 0));
                client.request(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, 5, BLOCK, 6 * BLOCK);
                assertThat(extents(client.chunk(), MetaContext.BASE_ALLOCATION, mode, false))
                        .containsExactly(new Extent(2 * BLOCK, 0));
                assertThat(extents(client.chunk(), MetaContext.ALLOCATION_DEPTH, mode, true))
                        .containsExactly(new Extent(BLOCK, 1));
            }
        }
    }

    @Test
    @DisplayName("SEC-26: a range in very many pieces is told as far as one reply goes")
    void manyExtents() throws IOException {
        MemoryDisk disk = new MemoryDisk(5000);
        for (int block = 0; block < 5000; block += 2) {
            disk.setBlock(block, ExtentKind.DATA);
        }
        try (TestServer server = TestServer.of(disk);
                NbdClient client = server.structuredClient()) {
            List<Extent> first = status(client, 0, 0, disk.sizeBytes());
            assertThat(first).hasSize(StatusOperation.EXTENTS_MAX);
            long told = first.stream().mapToLong(Extent::length).sum();
            assertThat(status(client, 0, told, disk.sizeBytes() - told)).hasSize(5000 - StatusOperation.EXTENTS_MAX);
        }
    }

    @Test
    @DisplayName("CM-08: without the context it is EINVAL")
    void notNegotiated() throws IOException {
        try (TestServer server = TestServer.of(new MemoryDisk(1));
                NbdClient client = server.simpleClient()) {
            client.request(Command.BLOCK_STATUS, 0, 1, 0, 512);
            assertThat(client.outcome()).isEqualTo(NbdError.EINVAL.wireValue());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0xffffffffL, 0xfffffe00L})
    @DisplayName("CM-10, SEC-17: the longest request, on a disk that is one large hole")
    void longest(long length) throws IOException {
        try (NbdServer server = new NbdServer(
                        new ExportTable(List.of(new Export("huge", "", new HugeHole(), true)), null),
                        new NbdServer.Settings(
                                1, 1, new ConnectionLimits(10, 10, 20_000), 64 << 20, SessionLimits.DEFAULT));
                NbdClient client = NbdClient.structured(server.listen(new ListenAddress.Tcp("127.0.0.1", 0)), "huge")) {
            assertThat(status(client, 0, 1L << 40, length)).containsExactly(new Extent(length, 3));
            assertThat(status(client, CommandFlags.REQ_ONE, 1L << 40, length)).containsExactly(new Extent(length, 3));
            assertThat(status(client, 0, (8L << 40) - length, length)).containsExactly(new Extent(length, 3));
        }
    }

    /** 8 TiB of nothing. */
    private static final class HugeHole implements Disk {
        @Override
        public long sizeBytes() {
            return 8L << 40;
        }

        @Override
        public boolean tryExtents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
            extents(offsetBytes, lengthBytes, visitor);
            return true;
        }

        @Override
        public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
            visitor.extent(offsetBytes, lengthBytes, ExtentKind.HOLE, 0);
        }

        @Override
        public boolean tryRead(long offsetBytes, ByteBuffer dst) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void read(long offsetBytes, ByteBuffer dst) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean tryWrite(long offsetBytes, ByteBuffer[] srcs) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void submit(ImageRequest request) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {
            // There is nothing to close.
        }
    }

    private static List<Extent> status(NbdClient client, int flags, long offset, long length) throws IOException {
        client.request(Command.BLOCK_STATUS, flags, 5, offset, length);
        return extents(client.chunk(), MetaContext.BASE_ALLOCATION, TransmissionMode.STRUCTURED, true);
    }

    private static List<Extent> extents(Chunk chunk, MetaContext context, TransmissionMode mode, boolean last) {
        boolean extended = mode == TransmissionMode.EXTENDED;
        assertThat(chunk.type()).isEqualTo(extended ? ChunkType.BLOCK_STATUS_EXT : ChunkType.BLOCK_STATUS);
        assertThat(chunk.done()).isEqualTo(last);
        ByteBuffer content = chunk.content();
        assertThat(content.getInt()).isEqualTo(context.id());
        int told = extended ? content.getInt() : content.remaining() / 8;
        List<Extent> extents = new ArrayList<>();
        while (content.hasRemaining()) {
            extents.add(
                    extended
                            ? new Extent(content.getLong(), (int) content.getLong())
                            : new Extent(content.getInt() & 0xffffffffL, content.getInt()));
        }
        assertThat(extents).hasSize(told);
        return extents;
    }
}
