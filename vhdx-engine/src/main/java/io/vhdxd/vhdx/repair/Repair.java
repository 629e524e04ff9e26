package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import java.io.IOException;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Repairs an image, as far as it is allowed. It can be given again at any time, also after it was killed: what is right stays as
 * it is, and an image without a fault keeps every byte.
 */
public final class Repair {
    private static final long NEW_LOG_BYTES = Geometry.MIB;

    private final Storage storage;
    private final RepairOptions options;
    private final RepairReport report = new RepairReport();
    private final Supplier<UUID> newGuid;

    private Repair(Storage storage, RepairOptions options, Supplier<UUID> newGuid) {
        this.storage = storage;
        this.options = options;
        this.newGuid = newGuid;
    }

    /**
     * Does it.
     *
     * @param storage the file, open for writing
     * @throws NoSpaceException if the file system is full; the image is as it was, or better
     * @throws IOException if the file cannot be read or written; the same command repairs what it has left
     */
    public static RepairReport run(Storage storage, RepairOptions options, Supplier<UUID> newGuid) throws IOException {
        Repair repair = new Repair(storage, options, newGuid);
        repair.run();
        return repair.report;
    }

    private void run() throws IOException {
        HeaderPair headers = new HeaderRepair(storage, options, report, newGuid).run();
        if (headers != null) {
            headers = new LogRepair(storage, options, report, newGuid).run(headers);
        }
        if (headers != null) {
            LoadedImage image = new StructureRepair(storage, headers, options, report, newGuid).load();
            if (image != null) {
                repairEntries(image);
            }
        }
    }

    private void repairEntries(LoadedImage image) throws IOException {
        BatRepair bat = new BatRepair(storage, image, options);
        bat.reportLosses(report);
        if (!bat.isAllowed()) {
            report.refuseLoss();
            return;
        }
        boolean lossy = bat.isLossy();
        LoadedImage current = image;
        if (!image.headers().current().hasLogWithin(storage.size())) {
            current = makeLog(image, bat.endMib(), lossy);
            bat = new BatRepair(storage, current, options);
        }
        TableRepair tables = new TableRepair(storage, current);
        if (!bat.isNeeded() && !tables.isNeeded()) {
            return;
        }
        LoggedEdits edits = LoggedEdits.begin(
                storage,
                current.headers(),
                header -> lossy ? header.withDataWriteGuid(newGuid.get()) : header,
                newGuid);
        try {
            tables.apply(edits, report);
            bat.apply(edits, report);
        } catch (NoSpaceException e) {
            edits.finish();
            throw e;
        }
        edits.finish();
    }

    /** Makes an empty log at the end of the file, and lets the headers name it when it is there. */
    private LoadedImage makeLog(LoadedImage image, long blocksEndMib, boolean lossy) throws IOException {
        long offset = Math.max(Math.ceilDiv(storage.size(), Geometry.MIB), blocksEndMib) * Geometry.MIB;
        storage.setSize(offset + NEW_LOG_BYTES);
        storage.sync();
        new HeaderUpdate(storage, image.headers()).write(header -> {
            Header changed = header.withLog(offset, NEW_LOG_BYTES).withFileWriteGuid(newGuid.get());
            return lossy ? changed.withDataWriteGuid(newGuid.get()) : changed;
        });
        report.repaired("log: a new one of " + NEW_LOG_BYTES + " bytes is at the end of the file");
        return ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
    }
}
