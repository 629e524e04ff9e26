package io.vhdxd.vhdx.proof.mutants;

import org.jspecify.annotations.Nullable;

/** Something that finds faults of the engine. Known to all class loaders alike, so that a test can call it in any of them. */
public interface Trial {
    /**
     * What came of it.
     *
     * @param states how many states of crashes were looked at
     * @param violation what was found; null if nothing
     */
    record Outcome(long states, @Nullable String violation) {}

    /**
     * Runs one kind of workload until it has given so many states, or a fault is found. The same seed gives the same run.
     *
     * @param name of the workload
     */
    Outcome run(String name, long seed, long statesMax);
}
