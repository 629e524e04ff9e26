package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.net.ConnectionLimits;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.session.SessionLimits;
import java.io.IOException;
import java.util.List;

/**
 * A server in this process with one export, {@code "disk"}. When it is closed, all memory for buffers must have come back;
 * the tests run with Netty's unpooled allocator, which counts every byte.
 */
public final class TestServer implements AutoCloseable {
    public static final String EXPORT = "disk";

    private final NbdServer server;
    private final MemoryDisk disk;
    private final Export export;
    private final ListenAddress address;

    private TestServer(MemoryDisk disk, boolean readOnly, NbdServer.Settings settings) throws IOException {
        this.disk = disk;
        this.export = new Export(EXPORT, "a disk in memory", disk, readOnly);
        this.server = new NbdServer(new ExportTable(List.of(export), null), settings);
        this.address = server.listen(new ListenAddress.Tcp("127.0.0.1", 0));
    }

    public static TestServer of(MemoryDisk disk) throws IOException {
        return of(disk, SessionLimits.DEFAULT, 256 << 20);
    }

    public static TestServer of(MemoryDisk disk, SessionLimits limits, long bytesInFlight) throws IOException {
        return new TestServer(
                disk,
                false,
                new NbdServer.Settings(2, 2, new ConnectionLimits(100, 100, 20_000), bytesInFlight, limits));
    }

    public static TestServer readOnly(MemoryDisk disk) throws IOException {
        return new TestServer(
                disk,
                true,
                new NbdServer.Settings(1, 1, new ConnectionLimits(100, 100, 20_000), 64 << 20, SessionLimits.DEFAULT));
    }

    public NbdServer server() {
        return server;
    }

    public Export export() {
        return export;
    }

    public ListenAddress address() {
        return address;
    }

    /** A client with simple replies. */
    public NbdClient simpleClient() throws IOException {
        return NbdClient.simple(address, EXPORT);
    }

    /** A client with structured replies and block status. */
    public NbdClient structuredClient() throws IOException {
        return NbdClient.structured(address, EXPORT);
    }

    /** A client with extended headers and the given contexts. */
    public NbdClient extendedClient(String... contexts) throws IOException {
        return NbdClient.transmitting(address, EXPORT, TransmissionMode.EXTENDED, contexts);
    }

    /** Waits until so many have to wait for changes of clients that are gone. */
    public void awaitWaiting(int count) {
        Await.until(() -> export.leftovers().waitingCount() == count);
    }

    /** Waits until so many newcomers wait for what became of clients that may be gone. */
    public void awaitSettling(int count) {
        Await.until(() -> export.settlingCount() == count);
    }

    @Override
    public void close() throws IOException {
        disk.close();
        boolean ended = disconnect();
        server.close();
        assertThat(ended).as("all sessions are over").isTrue();
        assertThat(UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory())
                .as("direct memory that was not given back")
                .isZero();
    }

    private boolean disconnect() {
        try {
            return server.disconnect(10_000);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
