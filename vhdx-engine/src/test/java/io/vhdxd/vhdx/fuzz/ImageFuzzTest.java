package io.vhdxd.vhdx.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Opening, replay, check, reading and writing of images with any damage: a reason or a sound image, and never anything else. */
class ImageFuzzTest {
    private static final boolean DEEP = Boolean.getBoolean("vhdxd.deep");
    private static final int ROUNDS = 600;
    private static final long DEEP_NANOS = TimeUnit.MINUTES.toNanos(10);
    private static final int DESCRIPTION_MAX_BYTES = 40;

    private static ImageExercise.Outcome run(byte[] description) {
        try {
            return ImageExercise.run(ImageMutation.of(description));
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError("image " + HexFormat.of().formatHex(description), e);
        }
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    @DisplayName("random values in random fields, under right checksums")
    void random() {
        RandomGenerator random = Seed.generator(ImageFuzzTest.class);
        Map<ImageExercise.Outcome, Integer> outcomes = new EnumMap<>(ImageExercise.Outcome.class);
        long start = System.nanoTime();
        int rounds = 0;
        while (DEEP ? System.nanoTime() - start < DEEP_NANOS : rounds < ROUNDS) {
            byte[] description = new byte[random.nextInt(2, DESCRIPTION_MAX_BYTES)];
            random.nextBytes(description);
            outcomes.merge(run(description), 1, Integer::sum);
            rounds++;
        }
        System.out.println("ImageFuzzTest: " + rounds + " images: " + outcomes);
        // Neither do all changes miss, nor do they all hit what refuses everything.
        assertThat(outcomes).hasSize(ImageExercise.Outcome.values().length);
    }

    @Test
    @DisplayName("images that were found by this test, and went wrong then")
    void corpus() throws IOException {
        try (InputStream in = Objects.requireNonNull(ImageFuzzTest.class.getResourceAsStream("corpus.txt"))) {
            String[] lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1);
            int images = 0;
            for (String line : lines) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    run(HexFormat.of().parseHex(line.strip()));
                    images++;
                }
            }
            assertThat(images).isPositive();
        }
    }
}
