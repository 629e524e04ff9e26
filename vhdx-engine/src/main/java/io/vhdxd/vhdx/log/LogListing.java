package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.LogDescriptor;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Everything in a log that looks like an entry, for people.
 *
 * @param entries in their order in the ring
 * @param problem why nothing can be replayed though the header says that the log is in use; null if that is not so
 */
public record LogListing(List<Entry> entries, @Nullable String problem) {
    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;
    private static final int SLICE_BYTES = 1 << 20;

    public LogListing {
        entries = List.copyOf(entries);
    }

    /**
     * A sector with the signature of an entry.
     *
     * @param valid whether all of the entry is as it was written
     * @param ofThisLog whether its GUID is the one in the current header
     * @param active whether it would be replayed
     * @param descriptors what it does; none if it is not valid
     */
    public record Entry(
            long ringOffsetBytes,
            LogEntryHeader header,
            boolean valid,
            boolean ofThisLog,
            boolean active,
            List<LogDescriptor> descriptors) {}

    /**
     * Lists the log.
     *
     * @param header the current header; its log lies in the file
     */
    public static LogListing of(Storage storage, Header header) throws IOException {
        LogRing ring = new LogRing(storage, header.logOffsetBytes(), header.logLengthBytes());
        String problem = null;
        Set<Long> active = Set.of();
        if (header.isLogInUse()) {
            try {
                ActiveSequence sequence = LogScanner.scan(storage, header, false);
                assert sequence != null;
                active = sequence.entries().stream()
                        .map(LogEntry::ringOffsetBytes)
                        .collect(Collectors.toSet());
            } catch (CorruptImageException e) {
                problem = e.getMessage();
            }
        }
        List<LogEntry> starts = findStarts(ring);
        ByteBuffer slice = ByteBuffer.allocateDirect(SLICE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        EntryValidator validator = new EntryValidator(ring, slice);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < starts.size(); i++) {
            LogEntry start = starts.get(i);
            LogEntryHeader entry = start.header();
            // No valid entry reaches beyond the next place with the signature of one, see LogScanner.
            long next = i + 1 < starts.size()
                    ? starts.get(i + 1).ringOffsetBytes()
                    : starts.getFirst().ringOffsetBytes() + ring.lengthBytes();
            boolean valid = entry.isPlausible(entry.logGuid(), ring.lengthBytes())
                    && entry.entryLengthBytes() <= next - start.ringOffsetBytes()
                    && validator.isValid(start);
            entries.add(new Entry(
                    start.ringOffsetBytes(),
                    entry,
                    valid,
                    header.isLogInUse() && entry.logGuid().equals(header.logGuid()),
                    active.contains(start.ringOffsetBytes()),
                    valid ? descriptors(ring, start) : List.of()));
        }
        return new LogListing(entries, problem);
    }

    private static List<LogEntry> findStarts(LogRing ring) throws IOException {
        List<LogEntry> starts = new ArrayList<>();
        ByteBuffer sector = ByteBuffer.allocateDirect(SECTOR_BYTES);
        long at = 0;
        while (at < ring.lengthBytes()) {
            long dataAt = ring.storage().nextData(ring.offsetBytes() + at) - ring.offsetBytes();
            at = Math.max(at, dataAt - dataAt % SECTOR_BYTES);
            if (at < ring.lengthBytes()) {
                sector.clear();
                ring.read(sector, at);
                LogEntryHeader header = LogEntryHeader.parse(sector.clear());
                if (header != null) {
                    starts.add(new LogEntry(at, header));
                }
                at += SECTOR_BYTES;
            }
        }
        return starts;
    }

    private static List<LogDescriptor> descriptors(LogRing ring, LogEntry entry) throws IOException {
        long length = LogEntryHeader.BYTES + entry.header().descriptorCount() * LogDescriptor.BYTES;
        ByteBuffer bytes = ByteBuffer.allocateDirect(Math.toIntExact(length)).order(ByteOrder.LITTLE_ENDIAN);
        ring.read(bytes, entry.ringOffsetBytes());
        List<LogDescriptor> descriptors = new ArrayList<>();
        for (int at = LogEntryHeader.BYTES; at < length; at += LogDescriptor.BYTES) {
            LogDescriptor descriptor =
                    LogDescriptor.parse(bytes, at, entry.header().sequenceNumber());
            if (descriptor != null) {
                descriptors.add(descriptor);
            }
        }
        return descriptors;
    }
}
