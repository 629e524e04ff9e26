package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.ParentUnavailableException;
import io.vhdxd.vhdx.diagnosis.Severity;
import io.vhdxd.vhdx.diagnosis.UnsupportedImageException;
import io.vhdxd.vhdx.load.ImageAudit;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The verdict over an image: headers, regions, metadata, log and BAT. The file is not changed; a dirty log is replayed in
 * memory.
 *
 * @param findings what was found, in the order of the structures; what makes the image unreadable comes last
 * @param findingCount how many findings there were, kept in {@link #findings} or not
 * @param worst the worst of them; {@link Severity#NOTE} if the image is sound
 */
public record ImageCheck(List<Finding> findings, long findingCount, Severity worst) {
    public ImageCheck {
        findings = List.copyOf(findings);
    }

    /**
     * Checks an image, and its parents where it says that they are, if that is in its own directory.
     *
     * @see #of(Path, ParentSearch)
     */
    public static ImageCheck of(Path file) throws IOException {
        return of(file, ParentSearch.DEFAULT);
    }

    /**
     * Checks an image and its parents. Needs no permission to write.
     *
     * @throws io.vhdxd.vhdx.storage.FileInUseException if the file is open for writing elsewhere
     * @throws IOException if the file cannot be read; what is wrong with the image itself is a finding
     */
    public static ImageCheck of(Path file, ParentSearch search) throws IOException {
        try (Storage storage = Storages.open(file, false)) {
            return of(storage, file, search);
        }
    }

    /** Checks an image that is open. */
    static ImageCheck of(Storage storage, Path file, ParentSearch search) throws IOException {
        Findings findings = new Findings();
        try {
            ChangeTrackingFiles.warn(file, findings);
            LoadedImage loaded = ImageLoader.load(storage, LoadOptions.STRICT, findings);
            ImageAudit.audit(loaded, findings);
            ParentChain.open(loaded, file, search, findings).close();
            return new ImageCheck(findings.kept(), findings.count(), findings.worst());
        } catch (CorruptImageException e) {
            return fatal(findings, new Finding(Severity.FATAL, e.structure(), e.fileOffsetBytes(), e.problem()));
        } catch (ParentUnavailableException e) {
            return fatal(findings, new Finding(Severity.FATAL, "parent", -1, String.valueOf(e.getMessage())));
        } catch (UnsupportedImageException e) {
            return fatal(findings, new Finding(Severity.FATAL, "image", -1, String.valueOf(e.getMessage())));
        }
    }

    private static ImageCheck fatal(Findings findings, Finding last) {
        List<Finding> all = new ArrayList<>(findings.kept());
        all.add(last);
        return new ImageCheck(all, findings.count() + 1, Severity.FATAL);
    }
}
