package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.VhdxException;
import io.vhdxd.vhdx.edit.LocatorChange;
import io.vhdxd.vhdx.edit.UnusedSpace;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.ParentLocator;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.repair.Repair;
import io.vhdxd.vhdx.repair.RepairOptions;
import io.vhdxd.vhdx.repair.RepairReport;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What came of the repair of an image. Killed at any moment, a repair leaves an image that can be repaired again.
 *
 * @param repaired what was put right, in this order
 * @param losses content of the disk that was given up, or would have to be
 * @param doubts content of the disk that may be what was written to another place
 * @param lossRefused whether the repair ended before something that would lose data and was not allowed; nothing behind
 *     that point was changed
 * @param refusal why the image cannot be repaired; null if that is not so
 * @param check of the image as it is now
 */
public record ImageRepair(
        List<String> repaired,
        List<RepairReport.Loss> losses,
        List<RepairReport.Loss> doubts,
        boolean lossRefused,
        @Nullable String refusal,
        ImageCheck check) {
    public ImageRepair {
        repaired = List.copyOf(repaired);
        losses = List.copyOf(losses);
        doubts = List.copyOf(doubts);
    }

    /**
     * Repairs an image. Its parents are only read.
     *
     * @throws io.vhdxd.vhdx.storage.FileInUseException if another opener stands in the way
     * @throws IOException if the file cannot be read or written; the image is as it was, or better
     */
    public static ImageRepair of(Path file, ParentSearch search, RepairOptions options) throws IOException {
        try (Storage storage = Storages.open(file, true)) {
            RepairReport report = Repair.run(storage, options, UUID::randomUUID);
            List<String> repaired = new ArrayList<>(report.repaired());
            if (report.refusal() == null && !report.isLossRefused() && finishMerge(storage, file, search)) {
                repaired.add("parent locator: names the parent as a merge has left it");
            }
            return new ImageRepair(
                    repaired,
                    report.losses(),
                    report.doubts(),
                    report.isLossRefused(),
                    report.refusal(),
                    ImageCheck.of(storage, file, search));
        }
    }

    /**
     * Gives the space of the file that belongs to nothing back to the file system. The image has to be one that may be
     * written to; a dirty log is replayed.
     */
    public static ImageRepair ofLeaks(Path file, ParentSearch search) throws IOException {
        try (Storage storage = Storages.open(file, true)) {
            List<String> repaired = new ArrayList<>();
            Findings findings = new Findings();
            LoadedImage image = ImageLoader.load(storage, LoadOptions.STRICT, findings);
            VhdxImage.requireWritable(file.toString(), findings);
            if (image.needsReplay()) {
                image = image.replay(storage, UUID.randomUUID());
                repaired.add("log: it was replayed");
            } else {
                new HeaderUpdate(storage, image.headers()).write(header -> header.withFileWriteGuid(UUID.randomUUID()));
            }
            long sizeBefore = storage.size();
            UnusedSpace.giveBack(storage, image.spaceMap());
            long unusedMib = image.spaceMap().endMib() - image.spaceMap().usedMib();
            repaired.add("file: cut by " + (sizeBefore - storage.size()) + " bytes; " + unusedMib * Geometry.MIB
                    + " bytes before its end are holes");
            return new ImageRepair(repaired, List.of(), List.of(), false, null, ImageCheck.of(storage, file, search));
        }
    }

    /**
     * A child whose parent is what a merge has made of it names that parent in the second place; now it does in the first
     * (vhdx.md case 102). Returns whether it was so.
     */
    static boolean finishMerge(Storage storage, Path file, ParentSearch search) throws IOException {
        LoadedImage child;
        UUID parentGuid;
        try {
            child = ImageLoader.load(storage, LoadOptions.STRICT, new Findings());
            if (!child.hasParent()) {
                return false;
            }
            try (ParentChain parents = ParentChain.open(child, file, search, new Findings())) {
                parentGuid =
                        parents.layers().getFirst().loaded().headers().current().dataWriteGuid();
            }
        } catch (VhdxException e) {
            // The check that follows tells what is wrong.
            return false;
        }
        return finishMerge(storage, child, parentGuid, UUID::randomUUID);
    }

    static boolean finishMerge(Storage storage, LoadedImage child, UUID parentGuid, Supplier<UUID> newGuid)
            throws IOException {
        ParentLocator locator = Objects.requireNonNull(child.items().parentLocator());
        if (parentGuid.equals(locator.linkage()) || !parentGuid.equals(locator.linkage2())) {
            return false;
        }
        LocatorChange.write(storage, child, locator.linkedTo(parentGuid), header -> header, newGuid);
        return true;
    }
}
