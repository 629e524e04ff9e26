package io.vhdxd.server.cli;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportMeter;
import io.vhdxd.server.export.VhdxDisk;
import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.ImageInfo;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Finding;
import io.vhdxd.vhdx.diagnosis.Severity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The images that one server serves, from their opening to their close. */
final class OpenImages {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.images");

    /** A close waits for the device. If that takes longer than this, the process ends without it. */
    private static final long CLOSE_SECONDS = 60;

    private final List<Opened> opened = new ArrayList<>();
    private final Function<String, ExportMeter> meters;

    /** An open image and its export. */
    record Opened(Path file, VhdxImage image, Export export) {
        /** What it is, for people. */
        String text() {
            ImageInfo info = image.info();
            return file + ": " + new ByteSize(info.virtualSizeBytes()).withBytes() + ", " + InfoCommand.typeName(info)
                    + ", blocks of " + new ByteSize(info.blockSizeBytes()) + ", log "
                    + InfoCommand.logText(info.logState()) + (export.isReadOnly() ? ", read-only" : "");
        }
    }

    private OpenImages(Function<String, ExportMeter> meters) {
        this.meters = meters;
    }

    /**
     * Opens images, and makes those that are missing.
     *
     * @param missing how to make images that are missing; null if none may be
     * @param search where the parents of differencing images are
     * @param meters makes the meter of an export from its name
     */
    static OpenImages open(
            List<ExportSpec> specs,
            @Nullable ImageCreation missing,
            ParentSearch search,
            Function<String, ExportMeter> meters)
            throws Failure {
        OpenImages images = new OpenImages(meters);
        try {
            for (ExportSpec spec : specs) {
                images.openOne(spec, missing, search);
            }
        } catch (Failure e) {
            images.close();
            throw e;
        }
        return images;
    }

    private void openOne(ExportSpec spec, @Nullable ImageCreation missing, ParentSearch search) throws Failure {
        if (missing != null && !spec.readOnly() && !Files.exists(spec.image())) {
            create(missing, spec.image());
        }
        try {
            VhdxImage image =
                    VhdxImage.open(spec.image(), spec.readOnly() ? Access.READ_ONLY : Access.READ_WRITE, search);
            Export export = new Export(
                    spec.name(), spec.description(), new VhdxDisk(image), spec.readOnly(), meters.apply(spec.name()));
            Opened added = new Opened(spec.image(), image, export);
            opened.add(added);
            LOG.info("export {}: {}", ErrorText.quote(spec.name()), added.text());
            tellFindings(spec.image(), image.info());
        } catch (IOException e) {
            throw Failure.toOpen(spec.image(), e);
        }
    }

    private static void create(ImageCreation missing, Path file) throws Failure {
        try {
            missing.create(file);
            LOG.info("{}: created, {}", file, new ByteSize(missing.virtualSizeBytes()));
        } catch (IOException e) {
            throw Failure.toCreate(file, e);
        }
    }

    private static void tellFindings(Path file, ImageInfo info) {
        for (Finding finding : info.findings()) {
            if (finding.severity() == Severity.NOTE) {
                LOG.info("{}: {}", file, finding);
            } else {
                LOG.warn("{}: {}", file, finding);
            }
        }
    }

    List<Opened> all() {
        return List.copyOf(opened);
    }

    /**
     * Closes all images, so that they are clean.
     *
     * @return whether they are
     */
    boolean close() {
        // On a thread of its own, because a device that hangs would keep this one for ever.
        boolean[] allClean = {false};
        Thread closer = new Thread(() -> allClean[0] = closeAll(), "vhdxd-close");
        closer.setDaemon(true);
        closer.start();
        try {
            if (!closer.join(java.time.Duration.ofSeconds(CLOSE_SECONDS))) {
                LOG.error("the images could not be closed within {} s; they are left to be replayed", CLOSE_SECONDS);
                return false;
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts threads here", e);
        }
        return allClean[0];
    }

    private boolean closeAll() {
        boolean clean = true;
        for (Opened image : opened) {
            try {
                image.image.close();
                Throwable failure = image.image.failure();
                if (failure == null) {
                    LOG.info("{}: closed", image.file);
                } else {
                    LOG.error("{}: closed as an error has left it, to be replayed: {}", image.file, failure.toString());
                    clean = false;
                }
            } catch (IOException | RuntimeException e) {
                LOG.error("{}: could not be closed cleanly: {}", image.file, e.toString());
                clean = false;
            }
        }
        return clean;
    }
}
