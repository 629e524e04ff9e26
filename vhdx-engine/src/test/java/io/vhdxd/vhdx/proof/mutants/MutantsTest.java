package io.vhdxd.vhdx.proof.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.testing.GeneratedSection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The mutation score of the crash-state enumerator (reliability.md 1.2): whatever is taken out of the write path, or put in
 * another order, is found.
 */
class MutantsTest {
    /** The same in every run, so that a mutant is found in every run or in none. */
    private static final long SEED = 20_261_125;

    private static final long STATES_MAX = 60_000;
    private static final long CONTROL_STATES = 200;

    private static final Map<String, Long> STATES = new HashMap<>();

    static List<Mutant> mutants() {
        return Mutants.all();
    }

    static Stream<String> families() {
        return Mutants.all().stream().map(Mutant::family).distinct();
    }

    @ParameterizedTest
    @MethodSource("mutants")
    @DisplayName("the engine with one thing broken is caught")
    void caught(Mutant mutant) {
        Trial.Outcome outcome = new MutantLoader(mutant).trial().run(mutant.family(), SEED, STATES_MAX);
        System.out.println(mutant + ": " + outcome);
        assertThat(outcome.violation())
                .as("%s, found by \"%s\" in %d states", mutant.broken(), mutant.family(), outcome.states())
                .isNotNull();
        STATES.put(mutant.name(), outcome.states());
    }

    @ParameterizedTest
    @MethodSource("families")
    @DisplayName("the engine as it is passes what catches the mutants")
    void control(String family) {
        Trial.Outcome outcome = new MutantLoader(null).trial().run(family, SEED, CONTROL_STATES);
        assertThat(outcome.violation()).isNull();
        assertThat(outcome.states()).isGreaterThanOrEqualTo(CONTROL_STATES);
    }

    @AfterAll
    static void document() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(GeneratedSection.row("mutant", "what is broken", "caught by", "after states"));
        lines.add(GeneratedSection.row("---", "---", "---", "---"));
        for (Mutant mutant : Mutants.all()) {
            lines.add(GeneratedSection.row(
                    mutant.name(), mutant.broken(), mutant.family(), STATES.getOrDefault(mutant.name(), 0L)));
        }
        new GeneratedSection("mutants").put(lines, GeneratedSection.withoutLastCells(1));
    }
}
