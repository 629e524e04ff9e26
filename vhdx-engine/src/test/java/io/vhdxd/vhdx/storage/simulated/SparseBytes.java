package io.vhdxd.vhdx.storage.simulated;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Bytes at offsets of up to 2^63 that are zero until something is put there. A copy is cheap: the two share all pages until
 * one of them changes one. Not thread-safe, other than a copy and its original, which may be used by two threads.
 *
 * <p>Pages come in chunks. A page and a chunk is changed by its owner only, others copy it first; {@link #copy} makes
 * all of them ownerless by giving both sides a new identity. A page that is reserved has no bytes of its own: all such are
 * the one {@link #RESERVED} page.
 */
final class SparseBytes {
    static final int PAGE_BYTES = 4096;

    private static final int CHUNK_PAGES = 256;
    private static final long CHUNK_BYTES = (long) PAGE_BYTES * CHUNK_PAGES;

    /** What has no space reads as this. */
    private static final byte[] ZEROS = new byte[PAGE_BYTES];

    private static final Page RESERVED = new Page(new Owner(), ZEROS);

    /** An identity and nothing else. */
    private static final class Owner {}

    private static final class Page {
        final Owner owner;
        final byte[] bytes;

        Page(Owner owner, byte[] bytes) {
            this.owner = owner;
            this.bytes = bytes;
        }
    }

    private static final class Chunk {
        final Owner owner;
        final @Nullable Page[] pages;
        int pageCount;

        Chunk(Owner owner, @Nullable Page[] pages, int pageCount) {
            this.owner = owner;
            this.pages = pages;
            this.pageCount = pageCount;
        }
    }

    private final NavigableMap<Long, Chunk> chunks;
    private Owner owner = new Owner();
    private long pageCount;

    SparseBytes() {
        this(new TreeMap<>(), 0);
    }

    private SparseBytes(NavigableMap<Long, Chunk> chunks, long pageCount) {
        this.chunks = chunks;
        this.pageCount = pageCount;
    }

    SparseBytes copy() {
        owner = new Owner();
        return new SparseBytes(new TreeMap<>(chunks), pageCount);
    }

    /** How many pages have space: those that were written or reserved. */
    long pageCount() {
        return pageCount;
    }

    /** Fills {@code dst}. */
    void read(long offset, ByteBuffer dst) {
        long at = offset;
        while (dst.hasRemaining()) {
            int start = (int) (at % PAGE_BYTES);
            int count = Math.min(PAGE_BYTES - start, dst.remaining());
            Page page = page(at);
            dst.put(page == null ? ZEROS : page.bytes, start, count);
            at += count;
        }
    }

    /** Puts the remaining bytes of {@code src}. */
    void write(long offset, ByteBuffer src) {
        long at = offset;
        while (src.hasRemaining()) {
            int start = (int) (at % PAGE_BYTES);
            int count = Math.min(PAGE_BYTES - start, src.remaining());
            src.get(changeablePage(at), start, count);
            at += count;
        }
    }

    /** Makes the range zeros; pages that lie within it altogether lose their space. */
    void punch(long offset, long end) {
        forEachPage(offset, end, this::removePages, this::zeroPart);
    }

    /** Makes the range zeros; all its pages have space afterwards. */
    void zero(long offset, long end) {
        forEachPage(offset, end, (first, last) -> setReserved(first, last, true), (start, partEnd) -> {
            setReserved(start, partEnd, false);
            zeroPart(start, partEnd);
        });
    }

    /** Gives space to all pages of the range. */
    void reserve(long offset, long end) {
        setReserved(offset, end, false);
    }

    /** How far the range reaches that begins at {@code offset} and needs at most {@code pages} pages that have no space. */
    long reach(long offset, long end, long pages) {
        long left = pages;
        long at = offset;
        while (at < end) {
            if (page(at) == null) {
                if (left == 0) {
                    return at;
                }
                left--;
            }
            at = nextPage(at);
        }
        return end;
    }

    /** The first offset from {@code offset} on in a page that was written; {@link Long#MAX_VALUE} if there is none. */
    long nextData(long offset) {
        for (Map.Entry<Long, Chunk> entry : chunks.tailMap(offset / CHUNK_BYTES).entrySet()) {
            for (int i = 0; i < CHUNK_PAGES; i++) {
                long start = entry.getKey() * CHUNK_BYTES + (long) i * PAGE_BYTES;
                Page page = entry.getValue().pages[i];
                if (page != null && page != RESERVED && start + PAGE_BYTES > offset) {
                    return Math.max(start, offset);
                }
            }
        }
        return Long.MAX_VALUE;
    }

    private interface RangeAction {
        void accept(long offset, long end);
    }

    /** Splits a range into its whole pages and the parts of pages at its ends. */
    private static void forEachPage(long offset, long end, RangeAction wholePages, RangeAction partOfPage) {
        if (offset >= end) {
            return;
        }
        long firstWhole = (offset + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        long lastWhole = end / PAGE_BYTES * PAGE_BYTES;
        if (firstWhole > lastWhole) {
            partOfPage.accept(offset, end);
            return;
        }
        if (offset < firstWhole) {
            partOfPage.accept(offset, firstWhole);
        }
        if (firstWhole < lastWhole) {
            wholePages.accept(firstWhole, lastWhole);
        }
        if (lastWhole < end) {
            partOfPage.accept(lastWhole, end);
        }
    }

    private void zeroPart(long offset, long end) {
        Page page = page(offset);
        if (page != null && page != RESERVED) {
            write(offset, ByteBuffer.wrap(ZEROS, 0, (int) (end - offset)));
        }
    }

    private void removePages(long offset, long end) {
        long at = offset;
        while (at < end) {
            Map.Entry<Long, Chunk> next = chunks.ceilingEntry(at / CHUNK_BYTES);
            if (next == null || next.getKey() * CHUNK_BYTES >= end) {
                return;
            }
            long chunkStart = next.getKey() * CHUNK_BYTES;
            at = Math.max(at, chunkStart);
            if (at == chunkStart && end - at >= CHUNK_BYTES) {
                pageCount -= next.getValue().pageCount;
                chunks.remove(next.getKey());
                at += CHUNK_BYTES;
            } else {
                setPage(at, null);
                at += PAGE_BYTES;
            }
        }
    }

    private void setReserved(long offset, long end, boolean writtenToo) {
        for (long at = offset; at < end; at = nextPage(at)) {
            if (writtenToo || page(at) == null) {
                setPage(at, RESERVED);
            }
        }
    }

    private static long nextPage(long offset) {
        return (offset / PAGE_BYTES + 1) * PAGE_BYTES;
    }

    private @Nullable Page page(long offset) {
        Chunk chunk = chunks.get(offset / CHUNK_BYTES);
        return chunk == null ? null : chunk.pages[pageIndex(offset)];
    }

    /** The bytes of the page at an offset, which no other {@code SparseBytes} shares. */
    private byte[] changeablePage(long offset) {
        Page page = page(offset);
        if (page == null || page.owner != owner) {
            page = new Page(owner, page == null ? new byte[PAGE_BYTES] : page.bytes.clone());
            setPage(offset, page);
        }
        return page.bytes;
    }

    private void setPage(long offset, @Nullable Page page) {
        Chunk chunk = changeableChunk(offset);
        int index = pageIndex(offset);
        int change = (page == null ? 0 : 1) - (chunk.pages[index] == null ? 0 : 1);
        chunk.pages[index] = page;
        chunk.pageCount += change;
        pageCount += change;
    }

    private Chunk changeableChunk(long offset) {
        Long index = offset / CHUNK_BYTES;
        Chunk chunk = chunks.get(index);
        if (chunk == null) {
            chunk = new Chunk(owner, new Page[CHUNK_PAGES], 0);
            chunks.put(index, chunk);
        } else if (chunk.owner != owner) {
            chunk = new Chunk(owner, chunk.pages.clone(), chunk.pageCount);
            chunks.put(index, chunk);
        }
        return chunk;
    }

    private static int pageIndex(long offset) {
        return (int) (offset % CHUNK_BYTES / PAGE_BYTES);
    }
}
