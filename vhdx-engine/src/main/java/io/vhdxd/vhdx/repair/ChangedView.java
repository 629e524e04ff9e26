package io.vhdxd.vhdx.repair;

import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.storage.ReadOnlyView;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A file as it would be with some pages changed and another size, for reading only: to see whether that is better. */
final class ChangedView extends ReadOnlyView {
    private static final int PAGE_BYTES = 4096;

    private final Storage base;
    private final Map<Long, ByteBuffer> pages = new HashMap<>();
    private final long baseSizeBytes;
    private final long sizeBytes;

    /** @param sizeBytes at least that of the file; what is added is zeros */
    ChangedView(Storage base, List<LogPage> pages, long sizeBytes) throws IOException {
        this.base = base;
        this.baseSizeBytes = base.size();
        this.sizeBytes = sizeBytes;
        for (LogPage page : pages) {
            this.pages.put(page.fileOffsetBytes(), page.content());
        }
    }

    @Override
    public int read(ByteBuffer dst, long offset) throws IOException {
        int wanted = Math.clamp(sizeBytes - offset, 0, dst.remaining());
        for (int done = 0; done < wanted; ) {
            long at = offset + done;
            int inPage = (int) (at % PAGE_BYTES);
            int length = Math.min(wanted - done, PAGE_BYTES - inPage);
            ByteBuffer page = pages.get(at - inPage);
            if (page != null) {
                dst.put(dst.position(), page, inPage, length).position(dst.position() + length);
            } else {
                readBase(dst, at, length);
            }
            done += length;
        }
        return wanted;
    }

    private void readBase(ByteBuffer dst, long offset, int length) throws IOException {
        int limit = dst.limit();
        int end = dst.position() + length;
        dst.limit(dst.position() + Math.clamp(baseSizeBytes - offset, 0, length));
        base.read(dst, offset);
        dst.limit(limit);
        while (dst.position() < end) {
            dst.put((byte) 0);
        }
    }

    @Override
    public int readCached(ByteBuffer dst, long offset) {
        return 0;
    }

    @Override
    public long nextData(long offset) throws IOException {
        long page = offset - offset % PAGE_BYTES;
        if (pages.containsKey(page)) {
            return offset;
        }
        long stored = offset < baseSizeBytes ? base.nextData(offset) : sizeBytes;
        long changed = pages.keySet().stream()
                .mapToLong(Long::longValue)
                .filter(at -> at > offset)
                .min()
                .orElse(sizeBytes);
        return Math.min(changed, stored < baseSizeBytes ? stored : sizeBytes);
    }

    @Override
    public long size() {
        return sizeBytes;
    }

    /** The file is not this view's. */
    @Override
    public void close() {}
}
