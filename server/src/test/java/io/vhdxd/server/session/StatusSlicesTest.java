package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.CommandFlags;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.export.Disk;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.net.ConnectionLimits;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.Gate;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.vhdx.ExtentKind;
import io.vhdxd.vhdx.ExtentVisitor;
import io.vhdxd.vhdx.request.ImageRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("EX-05, SEC-26, SEC-27: a BLOCK_STATUS over 64 TiB is looked up in slices")
class StatusSlicesTest {
    private static final long DISK_BYTES = 64L << 40;
    private static final int LARGE_READ_BYTES = 2 * SessionLimits.DEFAULT.inlineBytes();

    private final RecordingDisk disk = new RecordingDisk();

    @SuppressWarnings("NullAway.Init") // set before each test
    private NbdServer server;

    @SuppressWarnings("NullAway.Init") // set before each test
    private NbdClient giant;

    @SuppressWarnings("NullAway.Init") // set before each test
    private NbdClient other;

    @BeforeEach
    void start() throws IOException {
        // One thread of each kind, so that whoever keeps one keeps it from everybody.
        server = new NbdServer(
                new ExportTable(List.of(new Export("disk", "", disk, false)), null),
                new NbdServer.Settings(1, 1, new ConnectionLimits(10, 10, 20_000), 64 << 20, SessionLimits.DEFAULT));
        ListenAddress address = server.listen(new ListenAddress.Tcp("127.0.0.1", 0));
        giant = NbdClient.transmitting(address, "disk", TransmissionMode.EXTENDED, "base:allocation");
        other = NbdClient.simple(address, "disk");
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        disk.gate.open();
        giant.close();
        other.close();
        assertThat(server.disconnect(60_000)).isTrue();
        server.close();
    }

    @Test
    @DisplayName("Small requests, and large ones that wait for the same thread, pass between the slices")
    void othersPass() throws IOException {
        disk.gate.close();
        giant.request(Command.BLOCK_STATUS, 0, 1, 0, DISK_BYTES);
        disk.gate.awaitHeld(1);
        assertThat(other.read(0, 512)).isEqualTo(new byte[512]);
        other.request(Command.READ, 0, 1, 0, LARGE_READ_BYTES);
        // Requests of one connection are begun in their order, so the large one waits for the thread by now.
        other.request(Command.READ, 0, 2, 0, 512);
        assertThat(other.simpleReply(512).cookie()).isEqualTo(2);
        disk.gate.letThrough(1);
        assertThat(other.simpleReply(LARGE_READ_BYTES).cookie()).isEqualTo(1);
        assertThat(disk.looks).hasSize(1);
        assertThat(giant.isQuiet()).isTrue();

        disk.gate.open();
        assertThat(status()).containsExactly(DISK_BYTES, 0);
        assertThat(disk.inlineLooks).containsExactly(StatusOperation.INLINE_BYTES);
        assertThat(disk.looks).allMatch(bytes -> bytes <= StatusOperation.SLICE_BYTES);
        assertThat(disk.looks.stream().mapToLong(bytes -> bytes).sum())
                .isEqualTo(DISK_BYTES - StatusOperation.INLINE_BYTES);
    }

    /** The lengths and the flags of the extents. */
    private long[] status() throws IOException {
        ByteBuffer content = giant.chunk().content();
        assertThat(content.getInt()).isEqualTo(MetaContext.BASE_ALLOCATION.id());
        long[] extents = new long[2 * content.getInt()];
        content.asLongBuffer().get(extents);
        return extents;
    }

    @Test
    @DisplayName("What is no longer than usual takes no other thread")
    void usual() throws IOException {
        disk.gate.close();
        giant.request(Command.BLOCK_STATUS, 0, 1, 512, StatusOperation.INLINE_BYTES);
        assertThat(status()).containsExactly(StatusOperation.INLINE_BYTES, 0);
    }

    @Test
    @DisplayName("CM-09: with REQ_ONE, nothing behind the first extent is looked up")
    void requestOne() throws IOException {
        disk.holeFromBytes = StatusOperation.INLINE_BYTES + StatusOperation.SLICE_BYTES + 512;
        giant.request(Command.BLOCK_STATUS, CommandFlags.REQ_ONE, 1, 0, DISK_BYTES);
        assertThat(status()).containsExactly(disk.holeFromBytes, 0);
        assertThat(disk.looks).hasSize(2);
    }

    @Test
    @DisplayName("It ends when its client is gone")
    void clientGone() throws IOException {
        disk.gate.close();
        giant.request(Command.BLOCK_STATUS, 0, 1, 0, DISK_BYTES);
        disk.gate.awaitHeld(1);
        giant.reset();
        Await.until(() -> server.connectionCount() == 1);
        disk.gate.open();
        // The only thread takes this up when it has looked at what is left of the other.
        assertThat(other.read(0, LARGE_READ_BYTES)).hasSize(LARGE_READ_BYTES);
        assertThat(disk.looks).hasSize(1);
    }

    /** Data, and perhaps a hole behind it. */
    private static final class RecordingDisk implements Disk {
        final Gate gate = new Gate();
        volatile long holeFromBytes = DISK_BYTES;
        final List<Long> inlineLooks = Collections.synchronizedList(new ArrayList<>());
        final List<Long> looks = Collections.synchronizedList(new ArrayList<>());

        @Override
        public long sizeBytes() {
            return DISK_BYTES;
        }

        @Override
        public boolean tryExtents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
            inlineLooks.add(lengthBytes);
            tell(offsetBytes, lengthBytes, visitor);
            return true;
        }

        @Override
        public void extents(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
            gate.pass();
            looks.add(lengthBytes);
            tell(offsetBytes, lengthBytes, visitor);
        }

        private void tell(long offsetBytes, long lengthBytes, ExtentVisitor visitor) {
            long dataBytes = Math.clamp(holeFromBytes - offsetBytes, 0, lengthBytes);
            boolean goOn = dataBytes == 0 || visitor.extent(offsetBytes, dataBytes, ExtentKind.DATA, 1);
            if (goOn && dataBytes < lengthBytes) {
                visitor.extent(offsetBytes + dataBytes, lengthBytes - dataBytes, ExtentKind.HOLE, 0);
            }
        }

        @Override
        public boolean tryRead(long offsetBytes, ByteBuffer dst) {
            dst.put(new byte[dst.remaining()]);
            return true;
        }

        @Override
        public void read(long offsetBytes, ByteBuffer dst) {
            dst.put(new byte[dst.remaining()]);
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
}
