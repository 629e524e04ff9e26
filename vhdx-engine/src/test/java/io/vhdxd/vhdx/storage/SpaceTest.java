package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vhdxd.vhdx.testing.NeedsTool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@link LinuxStorage} gives space back, keeps it and takes it in advance, on file systems that can do that. */
@EnabledOnOs(OS.LINUX)
@NeedsTool("stat")
final class SpaceTest {
    private static final int MIB = 1 << 20;

    @TempDir
    private Path directory;

    private Storage storage;

    @BeforeEach
    void open() throws IOException {
        storage = LinuxFiles.create(directory.resolve("file"));
        assumeThat(storage.zeroesFast()).as("the file system can make holes").isTrue();
        storage.write(ByteBuffer.allocateDirect(8 * MIB), 0);
        storage.sync();
    }

    @AfterEach
    void close() throws IOException {
        storage.close();
    }

    @Test
    void punchingGivesSpaceBack() throws Exception {
        long before = allocatedBytes();
        storage.punchHole(MIB, 4 * MIB);
        assertThat(allocatedBytes()).isEqualTo(before - 4 * MIB);
        assertThat(storage.nextData(MIB)).isEqualTo(5 * MIB);
        assertThat(storage.size()).isEqualTo(8 * MIB);
    }

    @Test
    void zeroingKeepsSpaceAndTakesWhatIsMissing() throws Exception {
        storage.punchHole(2 * MIB, MIB);
        storage.zeroRange(MIB, 4 * MIB);
        storage.sync();
        assertThat(allocatedBytes()).isGreaterThanOrEqualTo(8 * MIB);
        assertThat(storage.size()).isEqualTo(8 * MIB);
    }

    @Test
    void reservingTakesSpaceAlsoBehindTheEnd() throws Exception {
        long before = allocatedBytes();
        storage.reserve(16 * MIB, 2 * MIB);
        assertThat(allocatedBytes()).isEqualTo(before + 2 * MIB);
        assertThat(storage.size()).isEqualTo(8 * MIB);
    }

    @Test
    void holesAreFound() throws IOException {
        storage.setSize(100 * MIB);
        storage.write(ByteBuffer.allocateDirect(4096), 50 * MIB);
        assertThat(storage.nextData(8 * MIB)).isEqualTo(50 * MIB);
        assertThat(storage.nextData(50 * MIB + 4096)).isEqualTo(100 * MIB);
    }

    private long allocatedBytes() throws Exception {
        Process process =
                new ProcessBuilder("stat", "-c", "%b", directory.resolve("file").toString()).start();
        String blocks = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        return Long.parseLong(blocks.strip()) * 512;
    }
}
