package io.vhdxd.vhdx.proof;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Runs the workloads under the enumerator and counts. */
final class CrashProof {
    /**
     * What was tried of one kind of workload.
     *
     * @param recoveryStates how many of the states are of a second crash, during the recovery
     */
    record Figure(String name, String what, int runs, long states, long recoveryStates) {}

    private final CrashReader reader;
    private final RandomGenerator seeds;
    private final List<Figure> figures = new ArrayList<>();
    private long stateCount;

    CrashProof(CrashReader reader, RandomGenerator seeds) {
        this.reader = reader;
        this.seeds = seeds;
    }

    List<Figure> figures() {
        return figures;
    }

    /** How many states were judged, also if the last one was the one that broke a promise. */
    long stateCount() {
        return stateCount;
    }

    /** Runs each family until it has given so many states, and at least once. */
    void runFamilies(List<Family> families, Thoroughness thoroughness, long statesEach) throws IOException {
        for (Family family : families) {
            Counter counter = new Counter();
            while (counter.states < statesEach) {
                long seed = seeds.nextLong();
                runOne(
                        counter,
                        thoroughness,
                        family.name() + " with seed " + seed,
                        seed,
                        family.shape().get(),
                        family.workload());
            }
            figures.add(counter.figure(family.name(), family.what()));
        }
    }

    /** Runs all short sequences of a length, or one out of {@code stride}. */
    void runSequences(int length, Thoroughness thoroughness, int stride) throws IOException {
        runSequences(Shape.small(), length, thoroughness, stride);
    }

    /** As the other one, on a disk of this shape. */
    void runSequences(Shape shape, int length, Thoroughness thoroughness, int stride) throws IOException {
        Counter counter = new Counter();
        for (ShortSequences.Pace pace : ShortSequences.Pace.values()) {
            for (int number = 0; number < ShortSequences.count(length); number += stride) {
                int chosen = Math.min(number + seeds.nextInt(stride), ShortSequences.count(length) - 1);
                runOne(
                        counter,
                        thoroughness,
                        ShortSequences.name(length, chosen, pace),
                        chosen,
                        shape,
                        (disk, random) -> ShortSequences.run(disk, length, chosen, pace));
            }
        }
        figures.add(counter.figure(
                (shape.child() ? "child: " : "") + "sequences of " + length,
                "sequences of " + length + " out of " + Operations.COUNT + " operations, at two paces"));
    }

    private void runOne(
            Counter counter, Thoroughness thoroughness, String name, long seed, Shape shape, Family.Workload workload)
            throws IOException {
        RandomGeneratorFactory<RandomGenerator> generators = RandomGeneratorFactory.of("L64X128MixRandom");
        CrashEnumerator enumerator = new CrashEnumerator(name, thoroughness, generators.create(seed + 1), reader);
        DrivenImage disk = DrivenImage.open(shape, enumerator);
        try {
            workload.run(disk, generators.create(seed));
        } catch (RuntimeException | AssertionError | IOException e) {
            enumerator.finish();
            throw e instanceof Violation violation ? violation : new Violation(name + ": " + e, e);
        } finally {
            stateCount += enumerator.stateCount();
        }
        enumerator.finish();
        Throwable failure = disk.image().health().cause();
        if (failure != null) {
            throw new Violation(name + ": the image failed by itself", failure);
        }
        if (disk.unanswered() > 0) {
            throw new Violation(name + ": " + disk.unanswered() + " requests were never answered");
        }
        if (!disk.failures().isEmpty()) {
            throw new Violation(name + ": a request failed", disk.failures().getFirst());
        }
        counter.add(enumerator);
    }

    private static final class Counter {
        private int runs;
        private long states;
        private long recoveryStates;

        void add(CrashEnumerator enumerator) {
            runs++;
            states += enumerator.stateCount();
            recoveryStates += enumerator.recoveryStateCount();
        }

        Figure figure(String name, String what) {
            return new Figure(name, what, runs, states, recoveryStates);
        }
    }
}
