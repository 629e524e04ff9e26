package io.vhdxd.vhdx;

import io.vhdxd.vhdx.diagnosis.Findings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Hyper-V's resilient change tracking keeps two files beside an image, {@code disk.vhdx.rct} and {@code disk.vhdx.mrt},
 * which say what has changed since a backup. What others write is not recorded in them.
 */
final class ChangeTrackingFiles {
    private static final List<String> SUFFIXES = List.of(".rct", ".mrt");

    private ChangeTrackingFiles() {}

    /** Warns of each of the files that is there. */
    static void warn(Path image, Findings findings) {
        for (String suffix : SUFFIXES) {
            Path companion = image.resolveSibling(image.getFileName() + suffix);
            if (Files.exists(companion)) {
                findings.warning(
                        "change tracking",
                        -1,
                        companion.getFileName()
                                + " stands beside the image: it does not record what is written here, so a"
                                + " backup that relies on it misses these changes");
            }
        }
    }
}
