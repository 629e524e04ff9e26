package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Changes of structures, gathered as the whole pages that the log takes. The file itself is only read. */
public final class PageEdits {
    private static final int PAGE_BYTES = LogEntryHeader.SECTOR_BYTES;

    /** A page as the file has it, and as it is to be. */
    private record Page(ByteBuffer found, ByteBuffer wanted) {}

    private final Storage storage;
    private final Map<Long, Page> pages = new TreeMap<>();

    /** @param storage a file whose log holds nothing of what is edited */
    public PageEdits(Storage storage) {
        this.storage = storage;
    }

    /** Puts bytes to a place in the file, over what earlier edits put there. */
    public void put(long fileOffsetBytes, ByteBuffer bytes) throws IOException {
        ByteBuffer src = bytes.slice();
        while (src.hasRemaining()) {
            long at = fileOffsetBytes + src.position();
            int inPage = (int) (at % PAGE_BYTES);
            int length = Math.min(src.remaining(), PAGE_BYTES - inPage);
            page(at - inPage).put(inPage, src, src.position(), length);
            src.position(src.position() + length);
        }
    }

    private ByteBuffer page(long pageOffsetBytes) throws IOException {
        Page page = pages.get(pageOffsetBytes);
        if (page == null) {
            ByteBuffer found = ByteBuffer.allocateDirect(PAGE_BYTES);
            // Where the file ends before the page does, zeros follow.
            storage.read(found, pageOffsetBytes);
            found.clear();
            page = new Page(found, ByteBuffer.allocateDirect(PAGE_BYTES).put(0, found, 0, PAGE_BYTES));
            pages.put(pageOffsetBytes, page);
        }
        return page.wanted();
    }

    /** The pages that differ from what the file has, in ascending order. */
    public List<LogPage> changedPages() {
        List<LogPage> changed = new ArrayList<>();
        pages.forEach((offsetBytes, page) -> {
            if (!page.found().equals(page.wanted())) {
                changed.add(new LogPage(offsetBytes, page.wanted()));
            }
        });
        return changed;
    }
}
