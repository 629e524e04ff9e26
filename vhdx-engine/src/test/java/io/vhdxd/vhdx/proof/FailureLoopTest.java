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

/** Promise R4, and that no failure of the disk loses what was flushed (reliability.md 1.3, faults 1 to 8). */
class FailureLoopTest {
    private static final boolean DEEP = Boolean.getBoolean("vhdxd.deep");
    private static final long RUNS_MAX = DEEP ? Long.MAX_VALUE : 40;
    private static final long CHILD_RUNS_MAX = DEEP ? 400 : 20;

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    @DisplayName("each operation on the file fails in turn, in each way: the right error, nothing flushed is lost")
    void allWorkloads() throws IOException {
        FailureLoop loop = new FailureLoop(
                CrashReader.all(new OwnReader(), new QemuModelReader()), Seed.generator(FailureLoopTest.class));
        for (Family family : Families.all()) {
            loop.run(family, RUNS_MAX);
            System.out.println("  " + loop.figures().getLast());
        }
        document(loop.figures());
        for (Family family : ChildFamilies.all()) {
            loop.run(family, CHILD_RUNS_MAX);
            System.out.println("  " + loop.figures().getLast());
        }
        for (FailedRun.Outcome outcome : FailedRun.Outcome.values()) {
            assertThat(loop.figures()).as("with outcome %s", outcome).anyMatch(figure -> figure.count(outcome) > 0);
        }
    }

    private static void document(List<FailureLoop.Figure> figures) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(GeneratedSection.row(
                "workload",
                "operations",
                "failures tried",
                "image failed",
                "requests failed",
                "opening or read refused",
                "nothing missing"));
        lines.add(GeneratedSection.row("---", "---", "---", "---", "---", "---", "---"));
        for (FailureLoop.Figure figure : figures) {
            lines.add(GeneratedSection.row(
                    figure.name(),
                    figure.operations(),
                    figure.failures(),
                    figure.count(FailedRun.Outcome.IMAGE_FAILED),
                    figure.count(FailedRun.Outcome.REQUESTS_FAILED),
                    figure.count(FailedRun.Outcome.REFUSED),
                    figure.count(FailedRun.Outcome.NOTHING)));
        }
        new GeneratedSection("failure loop").put(lines, GeneratedSection.withoutLastCells(6));
    }
}
