package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Runs a workload again and again, and lets its first operation on the file fail, then its second, and so on: once, and
 * from there on, in each way that an operation can fail. {@link FailedRun} is one of those runs.
 */
final class FailureLoop {
    /**
     * What was tried of one kind of workload.
     *
     * @param operations on the file, in a run without failures
     * @param outcomes of the runs with a failure
     */
    record Figure(String name, long operations, Map<FailedRun.Outcome, Long> outcomes) {
        long failures() {
            return outcomes.values().stream().mapToLong(Long::longValue).sum();
        }

        long count(FailedRun.Outcome outcome) {
            return outcomes.getOrDefault(outcome, 0L);
        }
    }

    private static final Set<OperationKind> ALL = EnumSet.allOf(OperationKind.class);

    private final CrashReader reader;
    private final RandomGenerator seeds;
    private final List<Figure> figures = new ArrayList<>();

    FailureLoop(CrashReader reader, RandomGenerator seeds) {
        this.reader = reader;
        this.seeds = seeds;
    }

    List<Figure> figures() {
        return figures;
    }

    /**
     * Tries a workload.
     *
     * @param runsMax at most about so many runs; the operations that fail are then evenly spread
     */
    void run(Family family, long runsMax) throws IOException {
        long seed = seeds.nextLong();
        SimulatedStorage whole = family.shape().get().create();
        DrivenImage disk = DrivenImage.open(family.shape().get(), whole, Watcher.NONE);
        family.workload().run(disk, generator(seed));
        long candidates = 0;
        for (Failure failure : Failure.ALL) {
            candidates += 2 * disk.storage().faults().count(failure.kinds());
        }
        long stride = Math.max(1, Math.ceilDiv(candidates, runsMax));
        long next = seeds.nextLong(stride);
        Map<FailedRun.Outcome, Long> outcomes = new EnumMap<>(FailedRun.Outcome.class);
        for (Failure failure : Failure.ALL) {
            for (boolean stays : new boolean[] {false, true}) {
                for (long k = 1; k <= disk.storage().faults().count(failure.kinds()); k++) {
                    if (next-- == 0) {
                        next = stride - 1;
                        FailedRun run = new FailedRun(family, seed, failure, k, stays, reader);
                        outcomes.merge(run.run(generator(seed)), 1L, Long::sum);
                    }
                }
            }
        }
        figures.add(new Figure(family.name(), disk.storage().faults().count(ALL), outcomes));
    }

    private static RandomGenerator generator(long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }
}
