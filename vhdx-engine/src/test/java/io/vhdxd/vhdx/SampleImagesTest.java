package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.fixture.Samples;
import io.vhdxd.vhdx.format.PayloadBlockState;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import io.vhdxd.vhdx.testing.NeedsTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of QEMU 1.6 and of Hyper-V. */
@NeedsTool("bzip2")
class SampleImagesTest {
    private static final long MIB = 1L << 20;
    private static final String DIRTY = "iotest-dirtylog-10G-4M.vhdx";
    private static final String DIRTY_SHA256 = "179cefe8b0587f123393eedf2aa7aa8d25798591178e6bc3950a09762f38f96f";
    private static final String DYNAMIC = "iotest-dynamic-1G.vhdx";
    private static final String DYNAMIC_SHA256 = "d3d112d8dab7fd360609f7d5a7b769904b7a2a7d7b6b8c535f65a23293c05478";

    @TempDir
    Path directory;

    private static byte[] hash(Path file) throws IOException {
        MessageDigest digest = DiskContent.digest();
        digest.update(Files.readAllBytes(file));
        return digest.digest();
    }

    @Test
    @DisplayName("case 25: QEMU's dirty image shows its 18 blocks through the log, and stays as it is")
    void dirtyThroughOverlay() throws Exception {
        Path file = Samples.unpack(DIRTY, directory);
        byte[] before = hash(file);
        try (Storage storage = Storages.open(file, false)) {
            Loading loading = Loading.of(storage);
            LoadedImage image = loading.image();
            assertThat(loading.findings()).isEmpty();
            assertThat(image.needsReplay()).isTrue();
            assertThat(image.presentBlockCount()).isEqualTo(18);
            assertThat(image.replayedPageCount()).isEqualTo(1);
            assertThat(image.geometry().virtualSizeBytes()).isEqualTo(10L << 30);
            assertThat(image.geometry().blockSizeBytes()).isEqualTo(MIB);
            assertThat(DiskContent.sha256(image)).isEqualTo(DIRTY_SHA256);
        }
        assertThat(hash(file)).isEqualTo(before);
    }

    @Test
    @DisplayName("case 24: QEMU's dirty image is replayed to the same content")
    void dirtyReplayed() throws Exception {
        Path file = Samples.unpack(DIRTY, directory);
        try (Storage storage = Storages.open(file, true)) {
            LoadedImage replayed = Loading.of(storage).image().replay(storage, UUID.randomUUID());
            assertThat(replayed.needsReplay()).isFalse();
            Loading again = Loading.of(storage);
            assertThat(again.findings()).isEmpty();
            assertThat(again.image().needsReplay()).isFalse();
            assertThat(again.image().presentBlockCount()).isEqualTo(18);
            byte[] expected = new byte[(int) MIB];
            Arrays.fill(expected, (byte) 0xa5);
            for (long block = 0; block < 18; block++) {
                assertThat(DiskContent.read(again.image(), block * MIB, (int) MIB))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    @DisplayName("case 47: Hyper-V's image is clean, whatever its log still holds")
    void dynamic() throws Exception {
        Path file = Samples.unpack(DYNAMIC, directory);
        try (Storage storage = Storages.open(file, false)) {
            Loading loading = Loading.of(storage);
            LoadedImage image = loading.image();
            assertThat(loading.findings()).isEmpty();
            assertThat(image.identifier().creator()).startsWith("Microsoft Windows");
            assertThat(image.needsReplay()).isFalse();
            assertThat(image.presentBlockCount()).isEqualTo(3);
            assertThat(image.geometry().blockSizeBytes()).isEqualTo(32 * MIB);
            assertThat(image.metadata().physicalSectorSizeBytes()).isEqualTo(4096);
            long zeros = 0;
            for (long block = 0; block < 32; block++) {
                zeros += BlockMap.state(image.blockMap().entry(block)) == PayloadBlockState.ZERO ? 1 : 0;
            }
            assertThat(zeros).isEqualTo(29);
            assertThat(DiskContent.sha256(image)).isEqualTo(DYNAMIC_SHA256);
        }
    }

    @Test
    @DisplayName("both pass the check without a warning")
    void check() throws Exception {
        for (String name : new String[] {DIRTY, DYNAMIC}) {
            ImageCheck check = ImageCheck.of(Samples.unpack(name, directory));
            assertThat(check.worst()).as("%s", check).isEqualTo(Severity.NOTE);
        }
    }
}
