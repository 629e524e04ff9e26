package io.vhdxd.vhdx.diagnosis;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Collects findings while one image is read. Not thread-safe.
 *
 * <p>A damaged image can have millions of bad entries; only the first {@value #KEPT_MAX} findings are kept, the rest are
 * counted, and the worst severity is known over all of them.
 */
public final class Findings {
    /** How many findings are kept in full. */
    public static final int KEPT_MAX = 1000;

    private final List<Finding> kept = new ArrayList<>();
    private long count;
    private Severity worst = Severity.NOTE;

    public void add(Severity severity, String structure, long fileOffsetBytes, String problem) {
        count++;
        if (severity.compareTo(worst) > 0) {
            worst = severity;
        }
        if (kept.size() < KEPT_MAX) {
            kept.add(new Finding(severity, structure, fileOffsetBytes, problem));
        }
    }

    public void note(String structure, long fileOffsetBytes, String problem) {
        add(Severity.NOTE, structure, fileOffsetBytes, problem);
    }

    public void warning(String structure, long fileOffsetBytes, String problem) {
        add(Severity.WARNING, structure, fileOffsetBytes, problem);
    }

    public void readOnly(String structure, long fileOffsetBytes, String problem) {
        add(Severity.READ_ONLY, structure, fileOffsetBytes, problem);
    }

    /** The findings that were kept, in the order in which they were found. */
    public List<Finding> kept() {
        return Collections.unmodifiableList(kept);
    }

    /** All findings, kept or not. */
    public long count() {
        return count;
    }

    /** The worst severity of all findings; {@link Severity#NOTE} if there are none. */
    public Severity worst() {
        return worst;
    }
}
