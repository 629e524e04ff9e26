package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.proof.mutants.Trial;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/** Runs families one by one, for a test that has loaded the engine in its own way. */
public final class FamilyTrial implements Trial {
    @Override
    public Outcome run(String name, long seed, long statesMax) {
        CrashProof proof = new CrashProof(
                CrashReader.all(new OwnReader(), new QemuModelReader()),
                RandomGeneratorFactory.of("L64X128MixRandom").create(seed));
        @Nullable String violation = null;
        try {
            proof.runFamilies(
                    List.of(name.startsWith(ChildFamilies.PREFIX) ? ChildFamilies.named(name) : Families.named(name)),
                    Thoroughness.QUICK,
                    statesMax);
        } catch (Violation e) {
            violation = String.valueOf(e.getMessage());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return new Outcome(proof.stateCount(), violation);
    }
}
