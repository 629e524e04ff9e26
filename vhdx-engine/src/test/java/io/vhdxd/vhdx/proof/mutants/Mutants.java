package io.vhdxd.vhdx.proof.mutants;

import java.util.ArrayList;
import java.util.List;

/** All mutants. A new rule of the write path is a new line here. */
final class Mutants {
    private Mutants() {}

    static List<Mutant> all() {
        List<Mutant> all = new ArrayList<>();
        all.addAll(SyncMutants.all());
        all.addAll(OrderMutants.all());
        all.addAll(LogMutants.all());
        all.addAll(SpaceMutants.all());
        all.addAll(ChildMutants.all());
        return all;
    }
}
