package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.LogEntryEncoder;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Appends the entries of one session to the log ([MS-VHDX] 2.3), in a way that every program replays without loss from
 * every state that a crash can leave.
 *
 * <p>An entry is <em>written</em> when the kernel has it, and <em>durable</em> when a round that began after that is done.
 * Then its pages may be written to their place; a page is <em>in place</em> when a further round is done.
 *
 * <p>Unsynced entries survive a crash in any selection, and torn. This engine, and any that follows the specification,
 * then replays from the tail of the newest complete sequence. QEMU does not look at tails: it takes the contiguous
 * run of entries whose first one is the newest, and in a run accepts any entry as the second one. It gives the image up
 * over an entry whose header is whole and whose descriptors are not. Therefore:
 *
 * <ul>
 *   <li>Each entry holds every page that an earlier round may have made durable in the log and that is not in place: any
 *       entry is enough to find all that was ever flushed, whichever its neighbours are.
 *   <li>The ring is used as two {@link LogArea}s in turn. The first entry in an area holds every page that is not in place,
 *       so it needs nothing from the other area; it is the tail of all entries of the area.
 *   <li>When the first entry of an area is durable, the other area is wiped, and it is used again only when the zeros are
 *       durable: behind the newest entry there is never an older one.
 *   <li>An entry has at most {@value #ENTRY_PAGES_MAX} pages, so that its header and descriptors share one sector of 512
 *       bytes and are torn together or not at all. Differencing images, which QEMU does not open, may have entries of
 *       {@value #CHILD_ENTRY_PAGES_MAX} pages: the bits of one block can be on 16.
 * </ul>
 */
final class LogWriter {
    static final int ENTRY_PAGES_MAX = 14;
    static final int CHILD_ENTRY_PAGES_MAX = 30;
    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;
    /** No more of a long ring is used: it would be wiped without need. */
    private static final int USED_RING_MAX_BYTES = 8 << 20;
    /** With more pages than this not in place, rounds bring all there that they can, so that entries stay short. */
    private static final int RELAXED_PAGES_MAX = 10;

    /**
     * A page that is not in place.
     *
     * @param content as it was logged last
     * @param loggedSequenceNumber of the entry that logged it last
     * @param firstSequenceNumber no entry before this one logged anything of the page that is not in place
     */
    private record PendingPage(LogPage content, long loggedSequenceNumber, long firstSequenceNumber) {}

    private final Storage storage;
    private final long logOffsetBytes;
    private final UUID logGuid;
    private final int entryPagesMax;
    private final int entrySectorsMax;
    private final ByteBuffer scratch;
    private final int areaSectors;

    private LogArea current;
    private LogArea other;
    /** The first entry of the current area. */
    private long areaFirstSequenceNumber = 1;

    /** By their place in the file. */
    private final Map<Long, PendingPage> pending = new LinkedHashMap<>();
    /** The pending pages as they were at the beginning of the last round that is done. */
    private List<PendingPage> durable = List.of();

    private long writtenSequenceNumber;
    private long coveredSequenceNumber;
    private long durableSequenceNumber;

    /**
     * Makes a writer for a ring that holds no entry with this LogGuid.
     *
     * @param logLengthBytes a multiple of 1 MiB
     * @param logGuid marks the entries of this session
     */
    LogWriter(Storage storage, long logOffsetBytes, long logLengthBytes, UUID logGuid) {
        this(storage, logOffsetBytes, logLengthBytes, logGuid, ENTRY_PAGES_MAX);
    }

    /** As the other one, for entries of at most so many pages. */
    LogWriter(Storage storage, long logOffsetBytes, long logLengthBytes, UUID logGuid, int entryPagesMax) {
        this.storage = storage;
        this.logOffsetBytes = logOffsetBytes;
        this.logGuid = logGuid;
        this.entryPagesMax = entryPagesMax;
        this.scratch = ByteBuffer.allocateDirect(LogEntryEncoder.encodedLengthBytes(entryPagesMax));
        this.entrySectorsMax = scratch.capacity() / SECTOR_BYTES;
        this.areaSectors = (int) Math.min(logLengthBytes, USED_RING_MAX_BYTES) / SECTOR_BYTES / 2;
        this.current = new LogArea(0, areaSectors);
        this.other = new LogArea(areaSectors, areaSectors);
    }

    /** Makes sure that no log write fails for want of space where the file is sparse. */
    void reserve() throws IOException {
        storage.reserve(logOffsetBytes, capacityBytes());
    }

    UUID logGuid() {
        return logGuid;
    }

    /** How much of the ring is used at most. */
    long capacityBytes() {
        return 2L * areaSectors * SECTOR_BYTES;
    }

    /** How much of the ring is written and not wiped. */
    long usedBytes() {
        return (long) (current.usedSectors() + other.usedSectors()) * SECTOR_BYTES;
    }

    /** The pages that are not in place. */
    int pendingPageCount() {
        return pending.size();
    }

    /** Whether nothing is left to be replayed. */
    boolean isAllInPlace() {
        return pending.isEmpty();
    }

    /** How many pages an entry can hold. */
    int entryPagesMax() {
        return entryPagesMax;
    }

    /** Whether the page at this place in the file was logged and is not in place. */
    boolean isPending(long pageOffsetBytes) {
        return pending.containsKey(pageOffsetBytes);
    }

    /**
     * The pages that the next entry has to hold besides those that it is about, by their place in the file; null if no entry
     * can be written before another round is done. All pages of an entry together are at most {@link #entryPagesMax}.
     */
    @Nullable Set<Long> nextEntryPages() {
        Set<Long> pages;
        if (current.hasRoomFor(entrySectorsMax)) {
            pages = new TreeSet<>();
            pending.forEach((place, page) -> {
                if (isRequired(page)) {
                    pages.add(place);
                }
            });
        } else if (other.isEmpty()) {
            pages = new TreeSet<>(pending.keySet());
        } else {
            return null;
        }
        return pages.size() <= entryPagesMax ? pages : null;
    }

    /**
     * Writes an entry; {@link #nextEntryPages} has allowed it. If this fails nothing is known of the entry, and the image must
     * fail.
     *
     * @param changed the pages that the entry is about
     * @param fileSizeBytes the size of the file, as far as it is durable; a multiple of 1 MiB
     */
    void append(List<LogPage> changed, long fileSizeBytes) throws IOException {
        Set<Long> required = nextEntryPages();
        assert required != null;
        if (!current.hasRoomFor(entrySectorsMax)) {
            LogArea full = current;
            current = other;
            other = full;
            areaFirstSequenceNumber = writtenSequenceNumber + 1;
        }
        long sequenceNumber = writtenSequenceNumber + 1;
        List<LogPage> pages = new ArrayList<>(changed);
        for (LogPage page : changed) {
            required.remove(page.fileOffsetBytes());
        }
        for (long place : required) {
            pages.add(pendingAt(place).content());
        }
        LogEntryEncoder.encode(
                scratch,
                sequenceNumber,
                current.firstSector() * SECTOR_BYTES,
                logGuid,
                fileSizeBytes,
                fileSizeBytes,
                pages);
        int sectors = scratch.remaining() / SECTOR_BYTES;
        storage.write(scratch, logOffsetBytes + (long) current.headSector() * SECTOR_BYTES);
        current.use(sectors);
        writtenSequenceNumber = sequenceNumber;
        for (LogPage page : changed) {
            PendingPage before = pending.get(page.fileOffsetBytes());
            long first = before == null ? sequenceNumber : before.firstSequenceNumber();
            pending.put(page.fileOffsetBytes(), new PendingPage(page, sequenceNumber, first));
        }
    }

    /** Whether a round should be run for the log's sake: it brings some page to its place, or wipes an area. */
    boolean wantsRound() {
        Set<Long> pages = nextEntryPages();
        boolean noMorePages = pages == null || pages.size() == entryPagesMax;
        return noMorePages || (current.isHalfFull() && !other.isEmpty());
    }

    /**
     * What the round that begins now does for the log: everything that is written will be durable.
     *
     * @param settling whether as many pages as possible are to be brought to their place; if not, those that were not changed
     *     since the round before
     */
    LogRound beginRound(boolean settling) {
        coveredSequenceNumber = writtenSequenceNumber;
        boolean appliesAll = settling || pending.size() > RELAXED_PAGES_MAX;
        List<PendingPage> toApply =
                durable.stream().filter(page -> appliesAll || isSettled(page)).toList();
        List<LogPage> pages = toApply.stream().map(PendingPage::content).toList();
        LogArea obsolete = isOtherObsolete() ? other : null;
        List<PendingPage> logged = List.copyOf(pending.values());
        return new LogRound(
                pages,
                obsolete == null ? 0 : logOffsetBytes + (long) obsolete.firstSector() * SECTOR_BYTES,
                obsolete == null ? 0 : obsolete.usedSectors() * SECTOR_BYTES,
                () -> finishRound(toApply, obsolete, logged));
    }

    private void finishRound(List<PendingPage> applied, @Nullable LogArea wiped, List<PendingPage> logged) {
        for (PendingPage page : applied) {
            long place = page.content().fileOffsetBytes();
            PendingPage latest = pendingAt(place);
            if (latest.loggedSequenceNumber() == page.loggedSequenceNumber()) {
                pending.remove(place);
            } else {
                pending.put(
                        place,
                        new PendingPage(
                                latest.content(), latest.loggedSequenceNumber(), page.loggedSequenceNumber() + 1));
            }
        }
        if (wiped != null) {
            wiped.wiped();
        }
        durableSequenceNumber = coveredSequenceNumber;
        durable = logged.stream().filter(this::isNotInPlace).toList();
    }

    /** Whether nobody needs the entries of the other area any more, and they are not wiped yet. */
    private boolean isOtherObsolete() {
        return !other.isEmpty() && areaFirstSequenceNumber <= durableSequenceNumber;
    }

    /** Whether some of the page may be durable in the log, or will be with the round that is running, and is not in place. */
    private boolean isRequired(PendingPage page) {
        return page.firstSequenceNumber() <= coveredSequenceNumber;
    }

    private boolean isNotInPlace(PendingPage logged) {
        PendingPage latest = pending.get(logged.content().fileOffsetBytes());
        return latest != null && logged.loggedSequenceNumber() >= latest.firstSequenceNumber();
    }

    /** Whether the page was not logged again since. Pages that change all the time would be brought to their place in vain. */
    private boolean isSettled(PendingPage logged) {
        return pendingAt(logged.content().fileOffsetBytes()).loggedSequenceNumber() == logged.loggedSequenceNumber();
    }

    private PendingPage pendingAt(long place) {
        PendingPage page = pending.get(place);
        assert page != null : place;
        return page;
    }
}
