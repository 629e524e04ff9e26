package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.format.LogDataSector;
import io.vhdxd.vhdx.format.LogDescriptor;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.storage.ReadOnlyView;
import io.vhdxd.vhdx.storage.Storage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The file as it will be after the replay of its log, for reading only. Nothing is copied: a page that the log writes is
 * read from the log when it is asked for.
 *
 * <p>The file must not change underneath, see {@link Storage}'s lock.
 */
public final class OverlayStorage extends ReadOnlyView {
    private static final int PAGE_BYTES = LogEntryHeader.SECTOR_BYTES;

    private final Storage base;
    private final PatchMap patches;
    private final long baseSizeBytes;
    private final long sizeBytes;
    private final long pageCount;

    private OverlayStorage(Storage base, PatchMap patches, long sizeBytes, long pageCount) throws IOException {
        this.base = base;
        this.patches = patches;
        this.baseSizeBytes = base.size();
        this.sizeBytes = sizeBytes;
        this.pageCount = pageCount;
    }

    /**
     * Reads the descriptors of all entries.
     *
     * @throws io.vhdxd.vhdx.diagnosis.CorruptImageException if the file is shorter than the log requires, or the log
     *     would change what it must not
     */
    public static OverlayStorage over(Storage base, ActiveSequence sequence) throws IOException {
        LogChanges changes = new LogChanges(base, sequence);
        Collector collector = new Collector(changes.requiredSizeBytes());
        changes.forEach(collector);
        return new OverlayStorage(base, collector.patches, collector.sizeBytes, collector.pageCount);
    }

    private static final class Collector implements LogVisitor {
        private final PatchMap patches = new PatchMap();
        private long sizeBytes;
        private long pageCount;

        Collector(long sizeBytes) {
            this.sizeBytes = sizeBytes;
        }

        @Override
        public void page(LogDescriptor.Data descriptor, long dataSectorOffsetBytes) throws IOException {
            long start = descriptor.fileOffsetBytes();
            patches.put(new PatchMap.Patch(
                    start, start + PAGE_BYTES, new PatchMap.Page(descriptor, dataSectorOffsetBytes)));
            sizeBytes = Math.max(sizeBytes, start + PAGE_BYTES);
            pageCount++;
        }

        @Override
        public void zeros(LogDescriptor.Zero descriptor) throws IOException {
            long start = descriptor.fileOffsetBytes();
            patches.put(new PatchMap.Patch(start, start + descriptor.lengthBytes(), null));
            pageCount += descriptor.lengthBytes() / PAGE_BYTES;
        }
    }

    /** The pages that the log writes or zeroes, each as often as it does so. */
    public long pageCount() {
        return pageCount;
    }

    @Override
    public int read(ByteBuffer dst, long offset) throws IOException {
        int wanted = (int) Math.min(dst.remaining(), Math.max(0, sizeBytes - offset));
        int done = 0;
        while (done < wanted) {
            long at = offset + done;
            PatchMap.Patch patch = patches.at(at);
            long end = patch != null ? patch.end() : patches.nextStart(at);
            int length = (int) Math.min(wanted - done, end - at);
            if (patch == null) {
                readBase(dst, at, length);
            } else if (patch.page() == null) {
                putZeros(dst, length);
            } else {
                ByteBuffer page = read(patch.page());
                dst.put(page.slice((int) (at - patch.start()), length));
            }
            done += length;
        }
        return done;
    }

    /** Reads what the file holds; behind its end are the zeros by which the replay will extend it. */
    private void readBase(ByteBuffer dst, long offset, int length) throws IOException {
        int stored = Math.clamp(baseSizeBytes - offset, 0, length);
        int limit = dst.limit();
        dst.limit(dst.position() + stored);
        readFully(dst, offset);
        dst.limit(limit);
        putZeros(dst, length - stored);
    }

    private void readFully(ByteBuffer dst, long offset) throws IOException {
        int expected = dst.remaining();
        int read = base.read(dst, offset);
        if (read < expected) {
            throw new EOFException("read " + read + " bytes at offset " + offset + ", expected " + expected
                    + ": the file was cut after it was opened");
        }
    }

    private static void putZeros(ByteBuffer dst, int length) {
        for (int i = 0; i < length; i++) {
            dst.put((byte) 0);
        }
    }

    private ByteBuffer read(PatchMap.Page page) throws IOException {
        ByteBuffer sector = ByteBuffer.allocate(PAGE_BYTES);
        readFully(sector, page.dataSectorOffsetBytes());
        LogDataSector.restorePage(sector, page.descriptor());
        return sector.clear();
    }

    @Override
    public int readCached(ByteBuffer dst, long offset) throws IOException {
        if (patches.at(offset) != null) {
            return 0;
        }
        int limit = dst.limit();
        dst.limit((int) Math.min(limit, dst.position() + patches.nextStart(offset) - offset));
        try {
            return base.readCached(dst, offset);
        } finally {
            dst.limit(limit);
        }
    }

    @Override
    public long nextData(long offset) throws IOException {
        if (patches.at(offset) != null) {
            return offset;
        }
        long patched = patches.nextStart(offset);
        long stored = offset < baseSizeBytes ? base.nextData(offset) : baseSizeBytes;
        return Math.min(patched, stored < baseSizeBytes ? stored : Math.max(offset, sizeBytes));
    }

    @Override
    public long size() {
        return sizeBytes;
    }

    @Override
    public void close() throws IOException {
        base.close();
    }
}
