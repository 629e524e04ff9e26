package io.vhdxd.nbd;

import io.vhdxd.nbd.handshake.ExportDirectory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A directory that a test fills; the first export is the default one. */
public final class TestExports implements ExportDirectory {
    public static final int ALL_FLAGS = TransmissionFlags.HAS_FLAGS
            | TransmissionFlags.SEND_FLUSH
            | TransmissionFlags.SEND_FUA
            | TransmissionFlags.SEND_TRIM
            | TransmissionFlags.SEND_WRITE_ZEROES
            | TransmissionFlags.CAN_MULTI_CONN
            | TransmissionFlags.SEND_CACHE
            | TransmissionFlags.SEND_FAST_ZERO;

    private final List<ExportInfo> exports = new ArrayList<>();
    private boolean shuttingDown;

    public static TestExports of(String... names) {
        TestExports directory = new TestExports();
        for (String name : names) {
            directory.add(export(name, 64 << 20, ALL_FLAGS));
        }
        return directory;
    }

    public static ExportInfo export(String name, long sizeBytes, int flags) {
        return new ExportInfo(name, "", sizeBytes, flags, 1, 4096, Limits.MAXIMUM_PAYLOAD_BYTES);
    }

    public TestExports add(ExportInfo export) {
        exports.add(export);
        return this;
    }

    public void shutDown() {
        shuttingDown = true;
    }

    @Override
    public @Nullable ExportInfo find(String name) {
        if (name.isEmpty()) {
            return exports.isEmpty() ? null : exports.getFirst();
        }
        return exports.stream()
                .filter(export -> export.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    @Override
    public List<ExportInfo> list() {
        return List.copyOf(exports);
    }

    @Override
    public boolean isShuttingDown() {
        return shuttingDown;
    }
}
