package io.vhdxd.vhdx.load;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.BatEntry;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Tells the problems of BAT entries: the first few of each kind one by one, the others as one sum. A BAT can hold millions
 * of bad entries; nobody reads as many lines, and writing them would take longer than loading the image.
 */
final class BlockFindings {
    private static final int SINGLE_MAX = 16;
    private static final String STRUCTURE = "BAT";

    private final Findings findings;
    private final long batOffsetBytes;
    private final Map<BlockProblem, Long> counts = new EnumMap<>(BlockProblem.class);

    BlockFindings(Findings findings, long batOffsetBytes) {
        this.findings = findings;
        this.batOffsetBytes = batOffsetBytes;
    }

    /** @param text what was found and what was expected; asked for only if it will be told */
    void add(BlockProblem problem, long batIndex, Supplier<String> text) {
        if (counts.merge(problem, 1L, Long::sum) <= SINGLE_MAX) {
            findings.add(
                    problem.severity(),
                    STRUCTURE + " entry " + batIndex,
                    batOffsetBytes + batIndex * BatEntry.BYTES,
                    text.get());
        }
    }

    /** Tells the sums of what was not told one by one. */
    void finish() {
        counts.forEach((problem, count) -> {
            if (count > SINGLE_MAX) {
                findings.add(
                        problem.severity(),
                        STRUCTURE,
                        batOffsetBytes,
                        (count - SINGLE_MAX) + " more entries " + problem.plural());
            }
        });
    }
}
