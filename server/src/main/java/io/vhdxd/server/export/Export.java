package io.vhdxd.server.export;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.TransmissionFlags;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A disk under a name, and the connections that use it. */
public final class Export {
    /** The kernel's page: nothing smaller is cached, or read and written, without its neighbours. */
    private static final int PREFERRED_BLOCK_BYTES = 4096;

    private final ExportInfo info;
    private final Disk disk;
    private final ExportMeter meter;
    private final Leftovers leftovers = new Leftovers();
    private final Set<Attachment> attachments = ConcurrentHashMap.newKeySet();
    private final Sweeps sweeps = new Sweeps(attachments);
    private final AtomicInteger settlingCount = new AtomicInteger();

    /** A connection that uses an export. */
    public interface Attachment {
        /**
         * If the client is gone, although its connection may not look like it yet: drops what it has sent and what was not
         * begun, and leaves the rest to {@link Export#leftovers}. Where the end of a client may be hidden behind bytes that
         * have not been read, that takes until they are.
         *
         * @param looked is called when that has begun, on any thread
         * @param examined is called when that has been found out, on any thread. That may take as long as requests of the
         *     connection are under way
         */
        void dropIfClientGone(Runnable looked, Runnable examined);
    }

    /** An export that nobody measures. */
    public Export(String name, String description, Disk disk, boolean readOnly) {
        this(name, description, disk, readOnly, ExportMeter.NONE);
    }

    /**
     * @param name as {@link ExportInfo#name}
     * @param description a text for people; may be empty
     * @param meter is told of every request
     */
    public Export(String name, String description, Disk disk, boolean readOnly, ExportMeter meter) {
        this.disk = disk;
        this.meter = meter;
        this.info = new ExportInfo(
                name,
                description,
                disk.sizeBytes(),
                flags(readOnly),
                1,
                PREFERRED_BLOCK_BYTES,
                Limits.MAXIMUM_PAYLOAD_BYTES);
    }

    private static int flags(boolean readOnly) {
        int always = TransmissionFlags.HAS_FLAGS
                | TransmissionFlags.SEND_FLUSH
                | TransmissionFlags.SEND_FUA
                | TransmissionFlags.CAN_MULTI_CONN
                | TransmissionFlags.SEND_CACHE;
        int change =
                TransmissionFlags.SEND_TRIM | TransmissionFlags.SEND_WRITE_ZEROES | TransmissionFlags.SEND_FAST_ZERO;
        return always | (readOnly ? TransmissionFlags.READ_ONLY : change);
    }

    public ExportInfo info() {
        return info;
    }

    public String name() {
        return info.name();
    }

    public boolean isReadOnly() {
        return info.isReadOnly();
    }

    public Disk disk() {
        return disk;
    }

    public ExportMeter meter() {
        return meter;
    }

    /** How many connections use it. */
    public int connectionCount() {
        return attachments.size();
    }

    /** The changes that were begun for connections which send nothing any more. */
    public Leftovers leftovers() {
        return leftovers;
    }

    public void attach(Attachment attachment) {
        attachments.add(attachment);
    }

    public void detach(Attachment attachment) {
        attachments.remove(attachment);
    }

    /** How many wait in {@link #settle}. */
    public int settlingCount() {
        return settlingCount.get();
    }

    /**
     * Waits until no change of a client that is gone can happen any more, so that a client who comes back may repeat what
     * was not answered (promise R2).
     *
     * @param settled is called then, on any thread
     */
    public void settle(Runnable settled) {
        if (isReadOnly()) {
            settled.run();
            return;
        }
        settlingCount.incrementAndGet();
        sweeps.add(() -> leftovers.whenNone(() -> {
            settlingCount.decrementAndGet();
            settled.run();
        }));
    }
}
