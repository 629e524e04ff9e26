package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.diagnosis.VhdxException;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.log.ActiveSequence;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.log.LogReplay;
import io.vhdxd.vhdx.log.LogScanner;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Leaves an empty log: replays it, or gives up what no replay can bring back ([MS-VHDX] 2.3). */
final class LogRepair {
    /** No log makes the file larger than what the engine can address. */
    private static final long FILE_SIZE_MAX_BYTES = BlockMap.FILE_OFFSET_LIMIT_MIB << 20;

    private final Storage storage;
    private final RepairOptions options;
    private final RepairReport report;
    private final Supplier<UUID> newGuid;

    LogRepair(Storage storage, RepairOptions options, RepairReport report, Supplier<UUID> newGuid) {
        this.storage = storage;
        this.options = options;
        this.report = report;
        this.newGuid = newGuid;
    }

    /** Does it. Returns the headers; null if the repair has to end, which is in the report. */
    @Nullable HeaderPair run(HeaderPair headers) throws IOException {
        Header header = headers.current();
        if (!header.isLogInUse() || !isReadable(header)) {
            return headers;
        }
        ActiveSequence sequence;
        try {
            sequence = LogScanner.scan(storage, header, true);
        } catch (CorruptImageException e) {
            return discard(headers, e);
        }
        try {
            if (sequence != null
                    && sequence.entries().stream()
                            .allMatch(entry -> entry.header().descriptorCount() == 0)) {
                return finish(headers, sequence);
            }
            long requiredBytes = sequence == null ? storage.size() : requiredBytes(sequence);
            boolean cut = requiredBytes > storage.size();
            if (cut && !giveUpEnd(load(requiredBytes), requiredBytes)) {
                return null;
            }
            return replay(headers, sequence, cut);
        } catch (VhdxException e) {
            report.refuse("the log cannot be replayed: " + e.getMessage());
            return null;
        }
    }

    private LoadedImage load(long fileSizeBytes) throws IOException {
        Storage view = fileSizeBytes == storage.size() ? storage : new ChangedView(storage, List.of(), fileSizeBytes);
        return ImageLoader.load(view, new LoadOptions(true), new Findings());
    }

    /** Loads it once more, from the file as it is now. */
    private HeaderPair replay(HeaderPair headers, @Nullable ActiveSequence sequence, boolean cut) throws IOException {
        LoadedImage replayed = load(storage.size()).replay(storage, newGuid.get());
        report.repaired(
                sequence == null
                        ? "log: it held no entry, and is not in use any more"
                        : "log: " + sequence.entries().size() + " entries were replayed");
        assert replayed.headers().currentSlot() == headers.currentSlot();
        return cut ? withNewData(replayed.headers()) : replayed.headers();
    }

    /**
     * Entries that change nothing are what a repair leaves that was killed before its first change: the image need not load
     * for this.
     */
    private HeaderPair finish(HeaderPair headers, ActiveSequence sequence) throws IOException {
        HeaderUpdate update = new HeaderUpdate(storage, headers);
        LogReplay.replay(storage, update, sequence, newGuid.get());
        report.repaired("log: it held no changes, and is not in use any more");
        return update.headers();
    }

    private HeaderPair withNewData(HeaderPair headers) throws IOException {
        HeaderUpdate update = new HeaderUpdate(storage, headers);
        update.write(header -> header.withDataWriteGuid(newGuid.get()));
        return update.headers();
    }

    private boolean isReadable(Header header) throws IOException {
        return header.version() == Header.VERSION && header.logVersion() == 0 && header.hasLogWithin(storage.size());
    }

    private @Nullable HeaderPair discard(HeaderPair headers, CorruptImageException problem) throws IOException {
        report.lost(new RepairReport.Loss(
                problem.getMessage() + "; what was written last before the crash is lost", List.of(), 0));
        if (!options.allowLoss()) {
            report.refuseLoss();
            return null;
        }
        HeaderUpdate update = new HeaderUpdate(storage, headers);
        update.write(header -> header.withLogGuid(GuidCodec.NIL)
                .withFileWriteGuid(newGuid.get())
                .withDataWriteGuid(newGuid.get()));
        report.repaired("log: its entries were given up");
        return update.headers();
    }

    /** How long the file has to be; its own length if it is so, or if no file can be as long as the log says. */
    private long requiredBytes(ActiveSequence sequence) throws IOException {
        long required = sequence.head().header().flushedFileOffsetBytes();
        return required > storage.size() && required <= FILE_SIZE_MAX_BYTES ? required : storage.size();
    }

    /** The file has lost its end: makes it long enough again, by zeros. Nothing is lost if no block stood there. */
    private boolean giveUpEnd(LoadedImage image, long requiredBytes) throws IOException {
        long foundBytes = storage.size();
        RepairReport.Ranges ranges = new RepairReport.Ranges();
        BlockMap blocks = image.blockMap();
        int blockBytes = image.geometry().blockSizeBytes();
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            int entry = blocks.entry(block);
            if (BlockMap.isPresent(entry)) {
                long heldBytes = Math.clamp(foundBytes - BlockMap.fileOffsetBytes(entry), 0, blockBytes);
                ranges.addEndOfBlock(image.geometry(), block, heldBytes);
            }
        }
        if (ranges.isEmpty() && image.structureSpace().endMib() <= Math.ceilDiv(foundBytes, Geometry.MIB)) {
            extend(requiredBytes);
            return true;
        }
        report.lost(ranges.toLoss("the file was cut at " + foundBytes + ", the log requires " + requiredBytes
                + " bytes; what stood behind its end is lost, and reads as zeros"));
        if (!options.allowLoss()) {
            report.refuseLoss();
            return false;
        }
        extend(requiredBytes);
        return true;
    }

    private void extend(long requiredBytes) throws IOException {
        storage.setSize(requiredBytes);
        storage.sync();
        report.repaired("file: extended by zeros to the " + requiredBytes + " bytes that the log requires");
    }
}
