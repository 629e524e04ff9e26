package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A disk in memory that is served while a test runs, by a {@link TestServer} of its own. */
public final class ServedDisk implements BeforeEachCallback, AfterEachCallback {
    private final MemoryDisk disk;
    private @Nullable TestServer server;

    public ServedDisk(int blockCount) {
        this.disk = new MemoryDisk(blockCount);
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        server = TestServer.of(disk);
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        server().close();
    }

    public MemoryDisk disk() {
        return disk;
    }

    public TestServer server() {
        assertThat(server).as("the server of this test").isNotNull();
        return server;
    }

    /** Where clients find the export. */
    public String uri() {
        return "nbd://" + server().address() + "/" + TestServer.EXPORT;
    }
}
