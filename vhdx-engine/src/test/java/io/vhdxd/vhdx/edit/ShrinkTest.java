package io.vhdxd.vhdx.edit;

import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.fixture.DiskContent;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.read.DiskLayer;
import io.vhdxd.vhdx.read.Extents;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A disk becomes smaller: the old one or the new one at any moment, and never more lost than was told. */
class ShrinkTest {
    private static final long NEW_SIZE = 600 * MIB + 1024;

    private static SimulatedStorage disk() throws IOException {
        ImageBuilder image = ImageBuilder.dynamic(2000 * MIB, (int) MIB);
        image.block(3, 6, 6).fill(6 * MIB, 4096, 3);
        image.block(600, 6, 5).fill(5 * MIB, 4096, 6);
        image.block(601, 6, 4);
        image.block(1500, 6, 9).fill(9 * MIB + 128 * 1024, 64 * 1024 + 512, 15);
        image.block(1999, 6, 8).fill(9 * MIB - 512, 512, 19);
        SimulatedStorage storage = image.simulated();
        storage.sync();
        return storage;
    }

    @Test
    @DisplayName("the ranges that hold data behind the new end are named, in units of 64 KiB")
    void lostRanges() throws IOException {
        SimulatedStorage storage = disk();
        LoadedImage image = EditedDisk.load(storage);
        DiskLayer layer =
                new DiskLayer("disk", image.geometry(), image.blockMap(), null, image.storage(), image.fileSizeBytes());
        assertThat(EditedDisk.shrink(storage, image, NEW_SIZE)
                        .lostRanges(new BlockReader(layer, null), new Extents(layer, null), Progress.NONE))
                .containsExactly(
                        new GuestRange(NEW_SIZE, 64 * 1024),
                        new GuestRange(1500 * MIB + 128 * 1024, 128 * 1024),
                        new GuestRange(2000 * MIB - 64 * 1024, 64 * 1024));
    }

    @Test
    @DisplayName("a crash at any moment leaves the old disk or the new one; then nothing of the old one is left")
    void crashStates() throws IOException {
        RandomGenerator random = Seed.generator(ShrinkTest.class);
        SimulatedStorage storage = disk();
        LoadedImage before = EditedDisk.load(storage);
        byte[] kept = content(before);
        EditedDisk.forEachCrashState(
                storage,
                random,
                (file, image) -> EditedDisk.shrink(file, image, NEW_SIZE).run(SimulatedImages.guids(5)),
                state -> {
                    LoadedImage image = EditedDisk.load(state);
                    assertThat(image.geometry().virtualSizeBytes()).isIn(2000 * MIB, NEW_SIZE);
                    assertThat(content(image)).isEqualTo(kept);
                });
        LoadedImage after = EditedDisk.load(storage);
        assertThat(after.geometry().virtualSizeBytes()).isEqualTo(NEW_SIZE);
        assertThat(after.presentBlockCount()).isEqualTo(2);
        assertThat(after.fileSizeBytes()).isEqualTo(7 * MIB);
        assertThat(after.headers().current().dataWriteGuid())
                .isNotEqualTo(before.headers().current().dataWriteGuid());
        byte[] file = new byte[(int) MIB - 1024];
        assertThat(storage.read(ByteBuffer.wrap(file), 5 * MIB + 1024)).isEqualTo(file.length);
        assertThat(file).containsOnly(0);
    }

    @Test
    @DisplayName("a full file system ends it with the disk as it was")
    void noSpace() throws IOException {
        SimulatedStorage storage = disk();
        LoadedImage image = EditedDisk.load(storage);
        byte[] kept = content(image);
        storage.setSpaceLimit(storage.spaceBytes());
        assertThatThrownBy(() -> EditedDisk.shrink(storage, image, NEW_SIZE).run(SimulatedImages.guids(5)))
                .isInstanceOf(NoSpaceException.class);
        LoadedImage left = EditedDisk.load(storage.copy());
        assertThat(left.geometry().virtualSizeBytes()).isEqualTo(2000 * MIB);
        assertThat(content(left)).isEqualTo(kept);
    }

    private static byte[] content(LoadedImage image) throws IOException {
        byte[] first = DiskContent.read(image, 3 * MIB, (int) MIB);
        byte[] last = DiskContent.read(image, 600 * MIB, 1024);
        byte[] both = Arrays.copyOf(first, first.length + last.length);
        System.arraycopy(last, 0, both, first.length, last.length);
        return both;
    }
}
