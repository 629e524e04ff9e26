package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.HeaderPair;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Changes the structures of an image that nobody serves, in steps of which a crash leaves each done or not done.
 *
 * <p>Each {@link #commit} ends with everything durable in its place, so no two steps depend on each other's log entries:
 * space that one step has freed can be used by whatever is written before the next. After a failure the object must not be used
 * again, except that a {@link NoSpaceException} leaves it as it was: a step that has begun never ends with one.
 */
public final class LoggedEdits {
    /** How many pages one step can change. */
    public static final int STEP_PAGES_MAX = LogWriter.ENTRY_PAGES_MAX;

    /** No more of the ring is used: enough for four entries, as the file system may have little room for it. */
    private static final int USED_RING_BYTES = 256 << 10;

    private final Storage storage;
    private final HeaderUpdate headers;
    private final LogWriter log;

    private LoggedEdits(Storage storage, HeaderUpdate headers, LogWriter log) {
        this.storage = storage;
        this.headers = headers;
        this.log = log;
    }

    /**
     * Begins to change an image whose log is empty: the headers say from then on that it is in use.
     *
     * @param change what else to change in the headers, such as the DataWriteGuid
     * @throws NoSpaceException if there is no space for the log; nothing has begun
     */
    public static LoggedEdits begin(
            Storage storage, HeaderPair pair, UnaryOperator<Header> change, Supplier<UUID> newGuid) throws IOException {
        Header header = pair.current();
        assert !header.isLogInUse();
        // Also where it is whole already: its size may be nowhere but in the kernel, as what the headers hold.
        storage.setSize(Math.ceilDiv(storage.size(), Geometry.MIB) * Geometry.MIB);
        LogWriter log = new LogWriter(storage, header.logOffsetBytes(), USED_RING_BYTES, newGuid.get());
        try {
            log.reserve();
        } catch (NoSpaceException e) {
            throw new NoSpaceException(
                    "the image's log needs " + USED_RING_BYTES + " bytes of the file system's space: " + e.getMessage(),
                    e);
        }
        LoggedEdits edits = new LoggedEdits(storage, new HeaderUpdate(storage, pair), log);
        edits.headers.confirm();
        edits.append(List.of());
        edits.headers.write(current ->
                change.apply(current).withFileWriteGuid(newGuid.get()).withLogGuid(log.logGuid()));
        return edits;
    }

    /** As {@link #commit(List)}, of all pages that differ from what the file has. */
    public void commit(PageEdits edits) throws IOException {
        commit(edits.changedPages());
    }

    /**
     * Makes everything durable that was written before, and then writes the pages, all or none of them.
     *
     * @param pages at most {@link #STEP_PAGES_MAX}; none is no step, but the sync is done
     * @throws NoSpaceException if the pages have no space; nothing of the step has begun
     */
    public void commit(List<LogPage> pages) throws IOException {
        for (LogPage page : pages) {
            // Their writing must not fail when they are due.
            storage.reserve(page.fileOffsetBytes(), BatPages.PAGE_BYTES);
        }
        storage.sync();
        if (!pages.isEmpty()) {
            append(pages);
        }
    }

    private void append(List<LogPage> pages) throws IOException {
        assert pages.size() <= STEP_PAGES_MAX : pages.size();
        try {
            log.append(pages, storage.size() / Geometry.MIB * Geometry.MIB);
            do {
                LogRound round = log.beginRound(true);
                round.writeTo(storage);
                storage.sync();
                round.finish().run();
            } while (!log.isAllInPlace() || log.nextEntryPages() == null);
        } catch (NoSpaceException e) {
            // Space was reserved, but not all file systems keep to that. Now the log has to stay in use: its replay
            // ends the step.
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Ends the changes: the headers say that the log is empty. */
    public HeaderPair finish() throws IOException {
        headers.write(header -> header.withLogGuid(GuidCodec.NIL));
        return headers.headers();
    }
}
