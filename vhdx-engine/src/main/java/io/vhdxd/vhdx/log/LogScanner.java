package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds the active sequence of a log ([MS-VHDX] 2.3.2): of all runs of valid entries that follow each other without a gap,
 * in the ring and in their sequence numbers, and whose last entry's tail is one of the run, the one whose last entry has the
 * largest number.
 *
 * <p>The log is read twice at most, whatever it holds: once to find where entries may start, and once to check them. That
 * works because a sector of a valid entry, but for its first, starts with the signature of a descriptor or of a data
 * sector: so no entry reaches beyond the next place that has the signature of an entry, and none is checked that claims
 * to.
 */
public final class LogScanner {
    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;
    private static final int SLICE_BYTES = 1 << 20;

    private final LogRing ring;
    private final UUID logGuid;
    private final ByteBuffer slice = ByteBuffer.allocateDirect(SLICE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private boolean guidSeen;

    private LogScanner(Storage storage, Header header) {
        this.ring = new LogRing(storage, header.logOffsetBytes(), header.logLengthBytes());
        this.logGuid = header.logGuid();
    }

    /**
     * Finds what has to be replayed.
     *
     * @param header the current header; its log GUID is not zero, its log lies in the file
     * @param acceptEmptyLog whether a log without a trace of the header's GUID counts as one with nothing to replay. QEMU
     *     leaves such a log when it is interrupted between the header and the entry
     * @return null if there is nothing to replay
     * @throws CorruptImageException if the log holds no valid sequence
     */
    public static @Nullable ActiveSequence scan(Storage storage, Header header, boolean acceptEmptyLog)
            throws IOException {
        LogScanner scanner = new LogScanner(storage, header);
        List<LogEntry> valid = scanner.validEntries();
        List<LogEntry> active = scanner.activeEntries(valid);
        if (!active.isEmpty()) {
            List<LogEntry> strays = new ArrayList<>(valid);
            strays.removeAll(new HashSet<>(active));
            return new ActiveSequence(header.logOffsetBytes(), header.logLengthBytes(), active, strays);
        }
        if (scanner.guidSeen) {
            throw new CorruptImageException(
                    LogRing.NAME,
                    header.logOffsetBytes(),
                    "in use with GUID " + header.logGuid()
                            + ", and it holds entries of that GUID, but no valid sequence of them");
        }
        if (!acceptEmptyLog) {
            throw new CorruptImageException(
                    LogRing.NAME,
                    header.logOffsetBytes(),
                    "marked in use with GUID " + header.logGuid()
                            + ", but it holds no entry of that GUID; this is typical of"
                            + " an interrupted QEMU, which then had changed nothing yet: the image can be opened as one"
                            + " with an empty log");
        }
        return null;
    }

    private List<LogEntry> validEntries() throws IOException {
        List<Start> starts = findStarts();
        EntryValidator validator = new EntryValidator(ring, slice);
        List<LogEntry> valid = new ArrayList<>();
        for (int i = 0; i < starts.size(); i++) {
            Start start = starts.get(i);
            LogEntryHeader header = start.header;
            if (header == null) {
                continue;
            }
            long next =
                    i + 1 < starts.size() ? starts.get(i + 1).offset : starts.getFirst().offset + ring.lengthBytes();
            LogEntry entry = new LogEntry(start.offset, header);
            if (header.entryLengthBytes() <= next - start.offset && validator.isValid(entry)) {
                valid.add(entry);
            }
        }
        return valid;
    }

    /**
     * A sector with the signature of an entry.
     *
     * @param header null if the entry cannot be valid
     */
    private record Start(long offset, @Nullable LogEntryHeader header) {}

    private List<Start> findStarts() throws IOException {
        List<Start> starts = new ArrayList<>();
        long at = 0;
        while (at < ring.lengthBytes()) {
            long dataAt = ring.storage().nextData(ring.offsetBytes() + at) - ring.offsetBytes();
            at = Math.max(at, dataAt - dataAt % SECTOR_BYTES);
            if (at >= ring.lengthBytes()) {
                break;
            }
            slice.clear().limit((int) Math.min(SLICE_BYTES, ring.lengthBytes() - at));
            ring.read(slice, at);
            for (int i = 0; i < slice.limit(); i += SECTOR_BYTES) {
                inspect(slice.slice(i, SECTOR_BYTES), at + i, starts);
            }
            at += slice.limit();
        }
        return starts;
    }

    private void inspect(ByteBuffer sector, long ringOffset, List<Start> starts) {
        guidSeen |= LogEntryHeader.logGuid(sector).equals(logGuid);
        LogEntryHeader header = LogEntryHeader.parse(sector);
        if (header != null) {
            starts.add(new Start(ringOffset, header.isPlausible(logGuid, ring.lengthBytes()) ? header : null));
        }
    }

    /** The entries to replay; none if no sequence is valid. */
    private List<LogEntry> activeEntries(List<LogEntry> valid) {
        List<LogEntry> active = List.of();
        for (int i = 0; i < valid.size(); i++) {
            if (isFollowed(valid, i == 0 ? valid.size() - 1 : i - 1)) {
                continue;
            }
            List<LogEntry> entries = fromTail(sequenceFrom(valid, i));
            if (!entries.isEmpty()
                    && (active.isEmpty()
                            || Long.compareUnsigned(
                                            entries.getLast().header().sequenceNumber(),
                                            active.getLast().header().sequenceNumber())
                                    > 0)) {
                active = entries;
            }
        }
        return active;
    }

    private List<LogEntry> sequenceFrom(List<LogEntry> valid, int first) {
        List<LogEntry> sequence = new ArrayList<>();
        int at = first;
        sequence.add(valid.get(at));
        while (isFollowed(valid, at)) {
            at = (at + 1) % valid.size();
            sequence.add(valid.get(at));
        }
        return sequence;
    }

    /** Whether the next valid entry of the ring continues the sequence of this one. Numbers do not wrap: 0 is none. */
    private boolean isFollowed(List<LogEntry> valid, int index) {
        LogEntry entry = valid.get(index);
        LogEntry next = valid.get((index + 1) % valid.size());
        long end = (entry.ringOffsetBytes() + entry.header().entryLengthBytes()) % ring.lengthBytes();
        return next.ringOffsetBytes() == end
                && next.header().sequenceNumber() == entry.header().sequenceNumber() + 1;
    }

    /** The part of the sequence from the entry on that the last one names as the tail; nothing if there is none. */
    private static List<LogEntry> fromTail(List<LogEntry> sequence) {
        long tail = sequence.getLast().header().tailOffsetBytes();
        for (int i = 0; i < sequence.size(); i++) {
            if (sequence.get(i).ringOffsetBytes() == tail) {
                return sequence.subList(i, sequence.size());
            }
        }
        return List.of();
    }
}
