package io.vhdxd.nbd;

import java.util.Random;

/** The seed of a randomised test: printed, and taken from the system property vhdxd.seed to replay a failure. */
public final class Seed {
    private Seed() {}

    public static Random random(String test) {
        String given = System.getProperty("vhdxd.seed", "");
        long seed = given.isEmpty() ? new Random().nextLong() : Long.parseLong(given);
        System.out.println(test + ": -Dvhdxd.seed=" + seed);
        return new Random(seed);
    }
}
