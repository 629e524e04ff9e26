package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.LogEntryEncoder;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.format.LogPage;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Appends entries to the log of a session and knows what became of them ([MS-VHDX] 2.3).
 *
 * <p>An entry is first <em>written</em>: handed to the kernel. A sync that began after that makes it <em>durable</em>. Then
 * its pages may be written to their place, from the snapshot that was logged; after a further sync it is
 * <em>applied</em>. The tail of a later entry steps over applied entries, and when that later entry is durable, their room
 * in the ring is free: only then is there, after any crash, a valid sequence that does without them.
 */
final class LogWriter {
    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;
    /** So large an entry leaves room in the smallest ring for others beside it. */
    static final int ENTRY_PAGES_MAX = 62;
    /** When the snapshots of so many pages are kept in memory they should be applied; twice as many are the limit. */
    private static final int KEPT_PAGES_MAX = 2048;

    private record LiveEntry(
            long sequenceNumber, int ringSector, int sectors, long tailSequenceNumber, List<LogPage> pages) {}

    private final Storage storage;
    private final long logOffsetBytes;
    private final RingSpace ring;
    private final UUID logGuid;
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(LogEntryEncoder.encodedLengthBytes(ENTRY_PAGES_MAX));
    /** Oldest first; the tail of the last one that is durable is the first of these. */
    private final ArrayDeque<LiveEntry> live = new ArrayDeque<>();

    private int keptPages;
    private long writtenSequenceNumber;
    private long durableSequenceNumber;
    private long appliedSequenceNumber;

    /**
     * Makes a writer for an empty ring.
     *
     * @param logLengthBytes a multiple of 1 MiB
     * @param logGuid marks the entries of this session
     */
    LogWriter(Storage storage, long logOffsetBytes, int logLengthBytes, UUID logGuid) {
        this.storage = storage;
        this.logOffsetBytes = logOffsetBytes;
        this.ring = new RingSpace(logLengthBytes / SECTOR_BYTES);
        this.logGuid = logGuid;
    }

    /** Makes sure that no log write fails for want of space where the file is sparse. */
    void reserve() throws IOException {
        storage.reserve(logOffsetBytes, (long) ring.sectorCount() * SECTOR_BYTES);
    }

    UUID logGuid() {
        return logGuid;
    }

    long writtenSequenceNumber() {
        return writtenSequenceNumber;
    }

    long durableSequenceNumber() {
        return durableSequenceNumber;
    }

    /** How many pages the next entry may have; one sector is held back for the empty entry that moves the tail. */
    int pageRoom() {
        int byRing = ring.freeSectors() - 2;
        int byMemory = 2 * KEPT_PAGES_MAX - keptPages;
        return Math.max(0, Math.min(ENTRY_PAGES_MAX, Math.min(byRing, byMemory)));
    }

    /** Whether so much of the ring is in use that it should be emptied. */
    boolean isFilling() {
        return ring.usedSectors() * 2 > ring.sectorCount() || keptPages > KEPT_PAGES_MAX;
    }

    /** Whether every entry is applied, so that the log may be marked as empty. */
    boolean isApplied() {
        return appliedSequenceNumber == writtenSequenceNumber;
    }

    /** Whether a round, with the pages to apply, would bring some entry further. */
    boolean canProgress() {
        return durableSequenceNumber < writtenSequenceNumber || appliedSequenceNumber < durableSequenceNumber;
    }

    /** Whether a further entry is missing that would carry the tail over entries that are applied. */
    boolean needsTailEntry() {
        LiveEntry newest = live.peekLast();
        return newest != null && newest.tailSequenceNumber() <= appliedSequenceNumber && ring.freeSectors() > 0;
    }

    /**
     * Writes an entry. If this fails nothing is known of the entry, and the image must fail.
     *
     * @param fileSizeBytes the size of the file, as far as it is durable; a multiple of 1 MiB
     * @return its sequence number
     */
    long append(List<LogPage> pages, long fileSizeBytes) throws IOException {
        long sequenceNumber = writtenSequenceNumber + 1;
        int entryBytes = LogEntryEncoder.encodedLengthBytes(pages.size());
        int entrySectors = entryBytes / SECTOR_BYTES;
        long tailSequenceNumber = sequenceNumber;
        int tailSector = ring.head();
        for (LiveEntry entry : live) {
            if (entry.sequenceNumber() > appliedSequenceNumber) {
                tailSequenceNumber = entry.sequenceNumber();
                tailSector = entry.ringSector();
                break;
            }
        }
        LogEntryEncoder.encode(
                scratch, sequenceNumber, tailSector * SECTOR_BYTES, logGuid, fileSizeBytes, fileSizeBytes, pages);
        writeToRing(ring.head(), scratch);
        live.addLast(new LiveEntry(sequenceNumber, ring.head(), entrySectors, tailSequenceNumber, pages));
        ring.advanceHead(entrySectors);
        keptPages += pages.size();
        writtenSequenceNumber = sequenceNumber;
        return sequenceNumber;
    }

    /** The pages of all entries that are durable and not applied, each as it was logged last. */
    List<LogPage> pagesToApply() {
        Map<Long, LogPage> newest = new LinkedHashMap<>();
        for (LiveEntry entry : live) {
            if (entry.sequenceNumber() > appliedSequenceNumber && entry.sequenceNumber() <= durableSequenceNumber) {
                for (LogPage page : entry.pages()) {
                    newest.put(page.fileOffsetBytes(), page);
                }
            }
        }
        return List.copyOf(newest.values());
    }

    /** Takes note that the pages of all entries up to this one are durable in their place. */
    void applied(long sequenceNumber) {
        appliedSequenceNumber = Math.max(appliedSequenceNumber, sequenceNumber);
    }

    /** Takes note that all entries up to this one are durable, and frees the room before its tail. */
    void durable(long sequenceNumber) {
        durableSequenceNumber = Math.max(durableSequenceNumber, sequenceNumber);
        long tailSequenceNumber = 0;
        for (LiveEntry entry : live) {
            if (entry.sequenceNumber() <= durableSequenceNumber) {
                tailSequenceNumber = entry.tailSequenceNumber();
            }
        }
        LiveEntry oldest = live.peekFirst();
        while (oldest != null && oldest.sequenceNumber() < tailSequenceNumber) {
            live.removeFirst();
            ring.advanceTail(oldest.sectors());
            keptPages -= oldest.pages().size();
            oldest = live.peekFirst();
        }
    }

    private void writeToRing(int sector, ByteBuffer entry) throws IOException {
        int bytesToEnd = (ring.sectorCount() - sector) * SECTOR_BYTES;
        long offsetBytes = logOffsetBytes + (long) sector * SECTOR_BYTES;
        if (entry.remaining() <= bytesToEnd) {
            storage.write(entry, offsetBytes);
            return;
        }
        int end = entry.limit();
        entry.limit(entry.position() + bytesToEnd);
        storage.write(entry, offsetBytes);
        entry.limit(end);
        storage.write(entry, logOffsetBytes);
    }
}
