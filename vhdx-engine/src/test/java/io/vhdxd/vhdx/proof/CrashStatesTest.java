package io.vhdxd.vhdx.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.testing.GeneratedSection;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Promises R1, R3, R5 and R9 (reliability.md 1.2): whatever a crash leaves of any workload, this engine opens, and finds
 * in every sector what the model allows.
 */
class CrashStatesTest {
    private static final boolean DEEP = Boolean.getBoolean("vhdxd.deep");
    private static final long STATES_MIN = DEEP ? 1_000_000 : 20_000;

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    @DisplayName("no crash loses what was answered or flushed, and none shows what was never written there")
    void allWorkloads() throws IOException {
        CrashProof proof = new CrashProof(
                CrashReader.all(new OwnReader(), new QemuModelReader()), Seed.generator(CrashStatesTest.class));
        long begunNanos = System.nanoTime();
        if (DEEP) {
            proof.runFamilies(Families.all(), Thoroughness.DEEP, 12_000);
            proof.runSequences(1, Thoroughness.DEEP, 1);
            proof.runSequences(2, Thoroughness.QUICK, 1);
            proof.runSequences(3, Thoroughness.LIGHT, 1);
            proof.runFamilies(ChildFamilies.all(), Thoroughness.DEEP, 6_000);
            proof.runSequences(Shape.small().asChild(), 1, Thoroughness.DEEP, 1);
            proof.runSequences(Shape.small().asChild(), 2, Thoroughness.QUICK, 1);
            proof.runSequences(Shape.small().asChild(), 3, Thoroughness.LIGHT, 10);
        } else {
            proof.runFamilies(Families.all(), Thoroughness.BRIEF, 300);
            proof.runSequences(1, Thoroughness.QUICK, 2);
            proof.runSequences(2, Thoroughness.LIGHT, 24);
            proof.runSequences(3, Thoroughness.LIGHT, 1_000);
            proof.runFamilies(ChildFamilies.all(), Thoroughness.BRIEF, 150);
            proof.runSequences(Shape.small().asChild(), 1, Thoroughness.QUICK, 2);
            proof.runSequences(Shape.small().asChild(), 2, Thoroughness.LIGHT, 48);
        }
        System.out.printf("%,d states in %,d ms%n", proof.stateCount(), (System.nanoTime() - begunNanos) / 1_000_000);
        proof.figures().forEach(figure -> System.out.println("  " + figure));
        if (GeneratedSection.writes()) {
            document(proof.figures());
        }
        assertThat(proof.stateCount()).isGreaterThanOrEqualTo(STATES_MIN);
    }

    private static void document(List<CrashProof.Figure> figures) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(GeneratedSection.row("workload", "what it does", "runs", "states", "of them in recovery"));
        lines.add(GeneratedSection.row("---", "---", "---", "---", "---"));
        for (CrashProof.Figure figure : figures) {
            lines.add(GeneratedSection.row(
                    figure.name(), figure.what(), figure.runs(), figure.states(), figure.recoveryStates()));
        }
        new GeneratedSection("crash states").put(lines, GeneratedSection.withoutLastCells(3));
    }
}
