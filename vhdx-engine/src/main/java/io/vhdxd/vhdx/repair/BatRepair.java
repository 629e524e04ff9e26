package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.format.BatEntry;
import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.map.BlockMap;
import io.vhdxd.vhdx.map.SpaceMap;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.write.LoggedEdits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Mends the entries of the BAT ([MS-VHDX] 2.5). First it is found out what would be done; then, if that is allowed, it is done.
 *
 * <p>What loses nothing and what gives something up is logged first. Only when no entry names a place beyond the end of
 * the file any more does the file grow, for blocks that it had cut and for copies of those that had the same space.
 */
final class BatRepair {
    private static final int PAGE_BYTES = 4096;
    private static final int COPY_BYTES = 4 << 20;

    private final Storage storage;
    private final LoadedImage image;
    private final RepairOptions options;
    private final Geometry geometry;
    private final Map<BatMend, Long> counts = new EnumMap<>(BatMend.class);
    private final Map<BatMend, RepairReport.Ranges> lost = new EnumMap<>(BatMend.class);
    private final BatJudge plan;

    /** @param image is loaded from the storage, without anything to replay */
    BatRepair(Storage storage, LoadedImage image, RepairOptions options) throws IOException {
        this.storage = storage;
        this.image = image;
        this.options = options;
        this.geometry = image.geometry();
        this.plan = new BatJudge(image, options.withoutBitmap(), new Planner());
        for (BatJudge.Pass pass : BatJudge.Pass.values()) {
            forEachPage((offsetBytes, firstIndex, page) -> {
                for (int i = 0; i < page.limit(); i += BatEntry.BYTES) {
                    plan.judge(pass, firstIndex + i / BatEntry.BYTES, page.getLong(i));
                }
            });
        }
    }

    /** Whether anything is wrong that can be mended. */
    boolean isNeeded() {
        return !counts.isEmpty() || plan.extendToBytes() > image.fileSizeBytes();
    }

    boolean isLossy() {
        return counts.keySet().stream().anyMatch(BatMend::isLossy);
    }

    /** Whether everything that would be given up may be. */
    boolean isAllowed() {
        boolean undecided = counts.containsKey(BatMend.PARTIAL_WITHOUT_BITMAP)
                && options.withoutBitmap() == RepairOptions.WithoutBitmap.UNDECIDED;
        return !isLossy() || (options.allowLoss() && !undecided);
    }

    /** The first MiB behind all blocks that stay. */
    long endMib() {
        return plan.endMib();
    }

    /** Tells what is lost. */
    void reportLosses(RepairReport report) {
        lost.forEach((mend, ranges) -> report.lost(ranges.toLoss(mend.loss())));
        if (counts.containsKey(BatMend.SHARED_SPACE)) {
            report.doubtful(sharedRanges().toLoss(BatMend.SHARED_SPACE.loss()));
        }
    }

    private RepairReport.Ranges sharedRanges() {
        RepairReport.Ranges ranges = new RepairReport.Ranges();
        SpaceMap shared = plan.shared();
        BlockMap blocks = image.blockMap();
        for (long block = blocks.nextMapped(0); block < blocks.blockCount(); block = blocks.nextMapped(block + 1)) {
            int entry = blocks.entry(block);
            if (BlockMap.isPresent(entry) && !shared.isFree(BlockMap.fileOffsetMib(entry), geometry.blockSizeMib())) {
                ranges.addEndOfBlock(geometry, block, 0);
            }
        }
        return ranges;
    }

    /** Notes what is wrong, and changes nothing. */
    private final class Planner implements BatJudge.Clerk {
        @Override
        public boolean note(BatMend mend, long block, long lostFromBytes) {
            counts.merge(mend, 1L, Long::sum);
            if (mend.isLossy() && block >= 0) {
                lost.computeIfAbsent(mend, key -> new RepairReport.Ranges())
                        .addEndOfBlock(geometry, block, lostFromBytes);
            }
            return true;
        }

        @Override
        public long copy(long fromMib) {
            return 0;
        }
    }

    /** Does what was planned. */
    void apply(LoggedEdits edits, RepairReport report) throws IOException {
        round(edits, fromMib -> 0);
        long endBytes = Math.max(plan.extendToBytes(), plan.endMib() * Geometry.MIB);
        if (plan.extendToBytes() > image.fileSizeBytes()) {
            if (endBytes > storage.size()) {
                storage.setSize(endBytes);
                storage.sync();
            }
            report.repaired("file: extended by zeros to the end of its blocks, " + endBytes + " bytes");
        }
        if (counts.containsKey(BatMend.SHARED_SPACE)) {
            long[] nextMib = {Math.max(Math.ceilDiv(storage.size(), Geometry.MIB), plan.endMib())};
            round(edits, fromMib -> {
                long toMib = nextMib[0];
                nextMib[0] += geometry.blockSizeMib();
                copy(fromMib * Geometry.MIB, toMib * Geometry.MIB);
                return toMib;
            });
        }
        counts.forEach((mend, count) ->
                report.repaired("BAT: " + mend.text() + " " + count + (count == 1 ? " entry" : " entries")));
    }

    private interface Copier {
        long copy(long fromMib) throws IOException;
    }

    private void round(LoggedEdits edits, Copier copier) throws IOException {
        BatJudge judge = new BatJudge(image, options.withoutBitmap(), new BatJudge.Clerk() {
            @Override
            public boolean note(BatMend mend, long block, long lostFromBytes) {
                return true;
            }

            @Override
            public long copy(long fromMib) throws IOException {
                return copier.copy(fromMib);
            }
        });
        List<LogPage> changed = new ArrayList<>();
        for (BatJudge.Pass pass : BatJudge.Pass.values()) {
            forEachPage((offsetBytes, firstIndex, page) -> {
                if (judgePage(judge, pass, firstIndex, page)) {
                    ByteBuffer whole = Structures.read(storage, offsetBytes, PAGE_BYTES);
                    changed.add(new LogPage(offsetBytes, whole.put(0, page, 0, page.limit())));
                }
                if (changed.size() == LoggedEdits.STEP_PAGES_MAX) {
                    edits.commit(changed);
                    changed.clear();
                }
            });
            edits.commit(changed);
            changed.clear();
        }
    }

    /** Puts what the entries have to be into the page. Returns whether any has changed. */
    private static boolean judgePage(BatJudge judge, BatJudge.Pass pass, long firstIndex, ByteBuffer page)
            throws IOException {
        boolean changed = false;
        for (int i = 0; i < page.limit(); i += BatEntry.BYTES) {
            long entry = page.getLong(i);
            long wanted = judge.judge(pass, firstIndex + i / BatEntry.BYTES, entry);
            if (wanted != entry) {
                page.putLong(i, wanted);
                changed = true;
            }
        }
        return changed;
    }

    /** Is given the entries of one page of the file. */
    private interface PageVisitor {
        void page(long fileOffsetBytes, long firstIndex, ByteBuffer entries) throws IOException;
    }

    /** Visits all entries but those in holes of the file, which are zeros, and right. */
    private void forEachPage(PageVisitor visitor) throws IOException {
        long batBytes = image.regions().bat().fileOffsetBytes();
        long endBytes = geometry.batEntryCount(image.hasParent()) * BatEntry.BYTES;
        ByteBuffer page = ByteBuffer.allocateDirect(PAGE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        long at = 0;
        while (at < endBytes) {
            long data = storage.nextData(batBytes + at) - batBytes;
            at = Math.max(at, data - data % PAGE_BYTES);
            if (at < endBytes) {
                page.clear().limit((int) Math.min(PAGE_BYTES, endBytes - at));
                storage.read(page, batBytes + at);
                page.flip();
                visitor.page(batBytes + at, at / BatEntry.BYTES, page);
                at += PAGE_BYTES;
            }
        }
    }

    private void copy(long fromBytes, long toBytes) throws IOException {
        storage.setSize(toBytes + geometry.blockSizeBytes());
        ByteBuffer buffer = ByteBuffer.allocateDirect(COPY_BYTES);
        long endBytes = fromBytes + geometry.blockSizeBytes();
        for (long at = storage.nextData(fromBytes); at < endBytes; at = storage.nextData(at + buffer.limit())) {
            buffer.clear().limit((int) Math.min(COPY_BYTES, endBytes - at));
            storage.read(buffer, at);
            storage.write(buffer.clear().limit((int) Math.min(COPY_BYTES, endBytes - at)), toBytes + (at - fromBytes));
        }
    }
}
