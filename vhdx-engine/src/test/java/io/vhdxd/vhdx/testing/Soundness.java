package io.vhdxd.vhdx.testing;

import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.Severity;
import java.util.List;

/** Whether an image is as it should be after a crash. */
public final class Soundness {
    private Soundness() {}

    /** Fails if anything is wrong with an image, but for one of its headers: a crash may have torn the one that was written. */
    public static void requireButForHeader(Findings findings) {
        List<Finding> wrong = findings.kept().stream()
                .filter(finding -> finding.severity().compareTo(Severity.WARNING) >= 0)
                .filter(finding -> finding.severity() != Severity.WARNING
                        || !finding.structure().startsWith("header "))
                .toList();
        if (!wrong.isEmpty()) {
            throw new AssertionError("the image is not sound: " + wrong);
        }
    }

    /** Fails if anything is wrong with an image. */
    public static void require(Findings findings) {
        if (findings.worst().compareTo(Severity.WARNING) >= 0) {
            throw new AssertionError("the image is not sound: " + findings.kept());
        }
    }
}
