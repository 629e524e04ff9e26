package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.format.LogDataSector;
import io.vhdxd.vhdx.format.LogDescriptor;
import io.vhdxd.vhdx.format.LogEntryHeader;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What QEMU's VHDX driver does with a log, as a model of it: QEMU itself takes a thousand times longer. It differs from what
 * [MS-VHDX] 2.3.3 asks for, and promise R9 holds for it all the same.
 *
 * <ul>
 *   <li>It looks for runs of entries from the ring's start on, and takes the run whose <em>first</em> entry has the greatest
 *       sequence number. It does not look at tails.
 *   <li>The second entry of a run may have any sequence number; only from there on they have to be consecutive.
 *   <li>An entry whose header is right and whose descriptors are not makes it refuse the image.
 *   <li>Where a checksum is wrong it goes on behind the entry, else at the next sector.
 *   <li>It refuses the image if the file is shorter than an entry says that it was, and does not make it longer.
 * </ul>
 */
final class QemuReplay {
    private static final int SECTOR_BYTES = LogEntryHeader.SECTOR_BYTES;

    /** An entry that was found whole. */
    private record Entry(LogEntryHeader header, ByteBuffer bytes, List<LogDescriptor> descriptors) {}

    private final Storage storage;
    private final long logOffsetBytes;
    private final long logLengthBytes;
    private final UUID logGuid;
    private long readAt;

    private QemuReplay(Storage storage, long logOffsetBytes, long logLengthBytes, UUID logGuid) {
        this.storage = storage;
        this.logOffsetBytes = logOffsetBytes;
        this.logLengthBytes = logLengthBytes;
        this.logGuid = logGuid;
    }

    /**
     * Writes what the log holds to its place.
     *
     * @throws IOException if QEMU would not open the image
     */
    static void replay(Storage storage, long logOffsetBytes, long logLengthBytes, UUID logGuid) throws IOException {
        QemuReplay replay = new QemuReplay(storage, logOffsetBytes, logLengthBytes, logGuid);
        for (Entry entry : replay.newestRun()) {
            replay.apply(entry);
        }
    }

    private List<Entry> newestRun() throws IOException {
        List<Entry> newest = List.of();
        while (true) {
            long from = readAt;
            List<Entry> run = run();
            if (!run.isEmpty()
                    && (newest.isEmpty()
                            || Long.compareUnsigned(
                                            run.getFirst().header().sequenceNumber(),
                                            newest.getFirst().header().sequenceNumber())
                                    > 0)) {
                newest = run;
            }
            if (readAt < from) {
                return newest;
            }
        }
    }

    private List<Entry> run() throws IOException {
        List<Entry> run = new ArrayList<>();
        long before = 0;
        Entry entry = next(before);
        while (entry != null) {
            run.add(entry);
            before = run.size() == 1 ? 0 : entry.header().sequenceNumber();
            entry = next(before);
        }
        return run;
    }

    /** The entry at the place that is read, and goes on behind it; null if there is none that follows this number. */
    private @Nullable Entry next(long sequenceNumberBefore) throws IOException {
        ByteBuffer head = read(SECTOR_BYTES);
        LogEntryHeader header = LogEntryHeader.parse(head);
        if (header == null
                || !isTaken(header)
                || (sequenceNumberBefore > 0 && header.sequenceNumber() != sequenceNumberBefore + 1)) {
            goOn(SECTOR_BYTES);
            return null;
        }
        ByteBuffer bytes = read((int) header.entryLengthBytes());
        List<LogDescriptor> descriptors = descriptors(header, bytes);
        goOn(header.entryLengthBytes());
        return checksum(bytes) == header.checksum() ? new Entry(header, bytes, descriptors) : null;
    }

    private boolean isTaken(LogEntryHeader header) {
        return header.entryLengthBytes() <= logLengthBytes
                && header.entryLengthBytes() % SECTOR_BYTES == 0
                && header.sequenceNumber() != 0
                && header.logGuid().equals(logGuid)
                && header.descriptorCount() * LogDescriptor.BYTES <= header.entryLengthBytes();
    }

    private static List<LogDescriptor> descriptors(LogEntryHeader header, ByteBuffer bytes) throws IOException {
        List<LogDescriptor> descriptors = new ArrayList<>();
        for (int i = 0; i < header.descriptorCount(); i++) {
            LogDescriptor descriptor =
                    LogDescriptor.parse(bytes, LogEntryHeader.BYTES + i * LogDescriptor.BYTES, header.sequenceNumber());
            if (descriptor == null || descriptor.fileOffsetBytes() % SECTOR_BYTES != 0) {
                throw new IOException("QEMU: descriptor " + i + " of entry " + header.sequenceNumber() + " is torn");
            }
            descriptors.add(descriptor);
        }
        return descriptors;
    }

    private static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(0, LogEntryHeader.CHECKSUM_OFFSET));
        crc.update(ByteBuffer.allocate(Integer.BYTES));
        int behind = LogEntryHeader.CHECKSUM_OFFSET + Integer.BYTES;
        crc.update(bytes.slice(behind, bytes.limit() - behind));
        return (int) crc.getValue();
    }

    private void apply(Entry entry) throws IOException {
        if (Long.compareUnsigned(entry.header().flushedFileOffsetBytes(), storage.size()) > 0) {
            throw new IOException(
                    "QEMU: the file is shorter than " + entry.header().flushedFileOffsetBytes() + ", as entry "
                            + entry.header().sequenceNumber() + " requires");
        }
        int dataAt = (int) entry.header().descriptorSectorCount() * SECTOR_BYTES;
        for (LogDescriptor descriptor : entry.descriptors()) {
            switch (descriptor) {
                case LogDescriptor.Data data -> {
                    ByteBuffer page = ByteBuffer.allocate(SECTOR_BYTES).put(0, entry.bytes(), dataAt, SECTOR_BYTES);
                    LogDataSector.restorePage(page, data);
                    storage.write(page, data.fileOffsetBytes());
                    dataAt += SECTOR_BYTES;
                }
                case LogDescriptor.Zero zero -> storage.punchHole(zero.fileOffsetBytes(), zero.lengthBytes());
            }
        }
    }

    private ByteBuffer read(int lengthBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
        int untilEnd = (int) Math.min(lengthBytes, logLengthBytes - readAt);
        storage.read(bytes.limit(untilEnd), logOffsetBytes + readAt);
        storage.read(bytes.position(untilEnd).limit(lengthBytes), logOffsetBytes);
        return bytes.clear();
    }

    private void goOn(long byBytes) {
        readAt = (readAt + byBytes) % logLengthBytes;
    }
}
