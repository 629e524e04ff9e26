package io.vhdxd.vhdx.testing;

import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Brings simulated files to the file system and back, holes as holes. */
public final class SimulatedFiles {
    private static final int COPY_BYTES = 64 << 10;

    private SimulatedFiles() {}

    /** Makes a file of a simulated one. */
    public static void write(SimulatedStorage state, Path file) throws IOException {
        Files.createFile(file);
        try (Storage target = Storages.open(file, true)) {
            copy(state, target);
        }
    }

    /** A simulated file of the same content. */
    public static SimulatedStorage read(Path file) throws IOException {
        SimulatedStorage state = new SimulatedStorage();
        try (Storage source = Storages.open(file, false)) {
            copy(source, state);
        }
        return state;
    }

    private static void copy(Storage source, Storage target) throws IOException {
        target.setSize(source.size());
        ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
        long at = source.nextData(0);
        while (at < source.size()) {
            buffer.clear();
            source.read(buffer, at);
            int length = buffer.flip().remaining();
            target.write(buffer, at);
            at = source.nextData(at + length);
        }
    }
}
