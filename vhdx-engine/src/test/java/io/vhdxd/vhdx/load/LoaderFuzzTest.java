package io.vhdxd.vhdx.load;

import static io.vhdxd.vhdx.fixture.ImageBuilder.BAT;
import static io.vhdxd.vhdx.fixture.ImageBuilder.ITEMS;
import static io.vhdxd.vhdx.fixture.ImageBuilder.METADATA;
import static io.vhdxd.vhdx.fixture.ImageBuilder.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.fixture.DirtyImage;
import io.vhdxd.vhdx.fixture.ImageBuilder;
import io.vhdxd.vhdx.fixture.Loading;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Whatever the structures hold, loading ends with an image whose blocks lie in its file, or with a reason. */
class LoaderFuzzTest {
    private static final int ROUNDS = 1000;

    @Test
    @DisplayName("random values in random fields, under right checksums, are survived")
    void fuzz() throws IOException {
        RandomGenerator random = Seed.generator(LoaderFuzzTest.class);
        int loaded = 0;
        for (int round = 0; round < ROUNDS; round++) {
            ImageBuilder image = random.nextBoolean()
                    ? ImageBuilder.small()
                    : new DirtyImage().with(0, 5).image();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                damage(image, random);
            }
            try {
                assertBlocksInFile(Loading.of(image).image());
                loaded++;
            } catch (CorruptImageException | UnsupportedImageException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
        assertThat(loaded).isBetween(ROUNDS / 20, ROUNDS - ROUNDS / 20);
    }

    private static void assertBlocksInFile(LoadedImage image) {
        BlockMap blocks = image.blockMap();
        for (long block = 0; block < Math.min(blocks.blockCount(), 100); block++) {
            int entry = blocks.entry(block);
            if (BlockMap.isFullyPresent(entry)) {
                assertThat(BlockMap.fileOffsetBytes(entry)).isBetween(MIB, image.fileSizeBytes() - 1);
                assertThat(image.spaceMap().isFree(BlockMap.fileOffsetMib(entry), 1))
                        .isFalse();
            }
        }
    }

    private static void damage(ImageBuilder image, RandomGenerator random) {
        switch (random.nextInt(6)) {
            case 0 -> {
                int field = random.nextInt(80);
                image.editHeaders(at -> putValue(image, at + field, random));
            }
            case 1 -> {
                int field = random.nextInt(100);
                image.editRegionTables(at -> putValue(image, at + 8 + field, random));
            }
            case 2 -> putValue(image, METADATA + random.nextInt(200), random);
            case 3 -> putValue(image, METADATA + ITEMS + random.nextInt(40), random);
            case 4 -> putValue(image, BAT + random.nextInt(64), random);
            default -> image.size(random.nextLong(image.size() + 2 * MIB));
        }
    }

    private static void putValue(ImageBuilder image, long offset, RandomGenerator random) {
        long value = switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> random.nextInt(16);
            case 3 -> 1L << random.nextInt(64);
            case 4 -> random.nextInt(64) * MIB + random.nextInt(8);
            default -> random.nextLong();
        };
        switch (random.nextInt(3)) {
            case 0 -> image.putShort(offset, (int) value);
            case 1 -> image.putInt(offset, value);
            default -> image.putLong(offset, value);
        }
    }
}
