package io.vhdxd.vhdx;

import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.format.LogDescriptor;
import io.vhdxd.vhdx.load.HeaderReader;
import io.vhdxd.vhdx.log.LogListing;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the log of an image holds, entry by entry ([MS-VHDX] 2.3). The file is not changed.
 *
 * @param logGuid null if the log is not in use
 * @param problem why nothing can be replayed though the log is in use; null if that is not so
 */
public record LogDump(
        long logOffsetBytes,
        long logLengthBytes,
        @Nullable UUID logGuid,
        List<Entry> entries,
        @Nullable String problem) {
    public LogDump {
        entries = List.copyOf(entries);
    }

    /**
     * An entry.
     *
     * @param ringOffsetBytes from the start of the log
     * @param valid whether all of it is as it was written
     * @param ofThisLog whether its GUID is the one in the current header
     * @param active whether it would be replayed
     * @param sequenceNumber to be read as unsigned
     */
    public record Entry(
            long ringOffsetBytes,
            long lengthBytes,
            boolean valid,
            boolean ofThisLog,
            boolean active,
            long sequenceNumber,
            long tailOffsetBytes,
            UUID logGuid,
            long flushedFileOffsetBytes,
            long lastFileOffsetBytes,
            List<Change> changes) {}

    /**
     * What a descriptor does to a range of the file.
     *
     * @param zero whether the range becomes zero; otherwise one page is written
     */
    public record Change(boolean zero, long fileOffsetBytes, long lengthBytes) {}

    /**
     * Lists the log of an image.
     *
     * @throws CorruptImageException if the headers cannot be read, or the log is nowhere where it can be read
     */
    public static LogDump of(Path file) throws IOException {
        try (Storage storage = Storages.open(file, false)) {
            return of(storage);
        }
    }

    static LogDump of(Storage storage) throws IOException {
        Header header = HeaderReader.read(storage, new Findings()).current();
        if (header.logLengthBytes() == 0) {
            return new LogDump(header.logOffsetBytes(), 0, null, List.of(), null);
        }
        if (!header.hasLogWithin(storage.size())) {
            throw new CorruptImageException(
                    "log",
                    header.logOffsetBytes(),
                    header.logLengthBytes()
                            + " bytes, expected whole MiB at whole MiB, at most 1 GiB, behind the headers and"
                            + " before the end of the file at " + storage.size());
        }
        LogListing listing = LogListing.of(storage, header);
        return new LogDump(
                header.logOffsetBytes(),
                header.logLengthBytes(),
                header.isLogInUse() ? header.logGuid() : null,
                listing.entries().stream().map(LogDump::entry).toList(),
                listing.problem());
    }

    private static Entry entry(LogListing.Entry entry) {
        return new Entry(
                entry.ringOffsetBytes(),
                entry.header().entryLengthBytes(),
                entry.valid(),
                entry.ofThisLog(),
                entry.active(),
                entry.header().sequenceNumber(),
                entry.header().tailOffsetBytes(),
                entry.header().logGuid(),
                entry.header().flushedFileOffsetBytes(),
                entry.header().lastFileOffsetBytes(),
                entry.descriptors().stream().map(LogDump::change).toList());
    }

    private static Change change(LogDescriptor descriptor) {
        return new Change(
                descriptor instanceof LogDescriptor.Zero, descriptor.fileOffsetBytes(), descriptor.lengthBytes());
    }
}
