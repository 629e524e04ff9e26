package io.vhdxd.vhdx.testing;

import io.vhdxd.vhdx.fixture.Recorded;
import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.random.RandomGenerator;

/** The states that crashes of some work on a file leave. */
public final class CrashStates {
    private CrashStates() {}

    /** Changes a file. */
    @FunctionalInterface
    public interface Work {
        void run(SimulatedStorage storage) throws IOException;
    }

    /** Is told a state that a crash has left. */
    @FunctionalInterface
    public interface Verifier {
        void verify(SimulatedStorage state) throws IOException;
    }

    /**
     * Does the work, and tells states that crashes before, between and after its operations could leave; each at once, as all
     * of them together take much memory.
     *
     * @return how many there were
     */
    public static int forEach(SimulatedStorage storage, RandomGenerator random, Work work, Verifier verifier)
            throws IOException {
        int[] count = {0};
        storage.setHooks((kind, offset, length) -> {}, (kind, offset, length) -> {
            if (Recorded.CHANGES.contains(kind)) {
                count[0] += verifyNow(storage, random, verifier);
            }
        });
        work.run(storage);
        storage.clearHooks();
        return count[0] + verifyNow(storage, random, verifier);
    }

    private static int verifyNow(SimulatedStorage storage, RandomGenerator random, Verifier verifier) {
        try {
            verifier.verify(storage.copy());
            verifier.verify(storage.crash(Fate.LOST));
            verifier.verify(storage.crash(random));
            verifier.verify(storage.crash(random));
            return 4;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
