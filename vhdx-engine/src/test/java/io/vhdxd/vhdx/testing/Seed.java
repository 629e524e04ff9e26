package io.vhdxd.vhdx.testing;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** The seed of a randomised test: printed, and taken from the system property {@code vhdxd.seed} to replay a run. */
public final class Seed {
    private Seed() {}

    /** A generator for the test, whose seed has been printed under the test's name. */
    public static RandomGenerator generator(Class<?> test) {
        return generator(of(test));
    }

    /** A generator with a seed. */
    public static RandomGenerator generator(long seed) {
        return RandomGeneratorFactory.<RandomGenerator>of("L64X128MixRandom").create(seed);
    }

    /** The seed of a test, which has been printed under the test's name. */
    public static long of(Class<?> test) {
        String given = System.getProperty("vhdxd.seed", "");
        long seed = given.isEmpty() ? System.nanoTime() : Long.parseLong(given);
        System.out.println(test.getSimpleName() + ": replay with -Dvhdxd.seed=" + seed);
        return seed;
    }
}
