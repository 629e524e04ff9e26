package io.vhdxd.vhdx.sequences;

import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Promises R5 and R8, through all that can be done to a chain of images: no sector is lost, and none appears. */
class ToolSequencesTest {
    private static final int SEQUENCES =
            Integer.getInteger("vhdxd.sequences", Boolean.getBoolean("vhdxd.deep") ? 4000 : 30);
    private static final int STEPS = 12;

    @TempDir
    private Path directory;

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    @DisplayName("R5, R8: content, extents and check are right after each of many random steps")
    void sequences() throws IOException {
        long seed = Seed.of(ToolSequencesTest.class);
        for (int i = 0; i < SEQUENCES; i++) {
            // Each has a seed of its own: one that fails is repeated as the first.
            ToolSequence sequence = new ToolSequence(directory, Seed.generator(seed + i));
            try {
                sequence.run(STEPS);
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "-Dvhdxd.seed=" + (seed + i) + ":\n" + String.join("\n", sequence.history()), e);
            }
            deleteFiles();
        }
    }

    private void deleteFiles() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }
}
