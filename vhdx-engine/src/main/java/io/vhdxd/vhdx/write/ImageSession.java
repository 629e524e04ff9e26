package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * What surrounds the changes of one opening of an image: the headers say before the first one that there is a log to
 * replay, and after the last one that there is none ([MS-VHDX] 2.2.2). An image that is opened and not changed keeps every
 * byte.
 */
final class ImageSession {
    private final Storage storage;
    private final HeaderUpdate headers;
    private final LogWriter log;
    private final SpaceAllocator allocator;
    private final ImageHealth health;
    private final Supplier<UUID> newGuid;
    private final Supplier<UUID> newDataWriteGuid;
    private volatile boolean started;

    ImageSession(
            Storage storage,
            HeaderUpdate headers,
            LogWriter log,
            SpaceAllocator allocator,
            ImageHealth health,
            Supplier<UUID> newGuid,
            Supplier<UUID> newDataWriteGuid) {
        this.storage = storage;
        this.headers = headers;
        this.log = log;
        this.allocator = allocator;
        this.health = health;
        this.newGuid = newGuid;
        this.newDataWriteGuid = newDataWriteGuid;
    }

    /** Whether the image may be changed. Any thread may ask. */
    boolean isStarted() {
        return started;
    }

    /**
     * Begins to change the image: five syncs, once. No round may be running, since its sync could take the report of an
     * error that concerns this one.
     *
     * <p>First the header that was found is made durable: where the one before it still names a log, that log must not be
     * touched. The same holds of the size. Then an empty entry is written and durable before a header names its LogGuid, so a crash at any moment leaves
     * either no log or a valid one. The same sync makes the first stock of space durable. Then the headers get a new
     * FileWriteGuid and DataWriteGuid together with the LogGuid.
     *
     * @param neededMib what the blocks that have no space could take in all
     * @throws NoSpaceException if there is no space for the log; nothing has begun
     * @throws IOException if the image has to fail
     */
    void start(long neededMib) throws IOException {
        long fileEndBytes = allocator.fileEndMib() * Geometry.MIB;
        // The file may have ended within a MiB, or within its last block. If not, its size is made durable as it is.
        storage.setSize(Math.max(storage.size(), fileEndBytes));
        log.reserve();
        try {
            headers.confirm();
            writeFirstEntry(fileEndBytes, allocator.plan(neededMib, List.of(), 0));
            headers.write(header -> header.withFileWriteGuid(newGuid.get())
                    .withDataWriteGuid(newDataWriteGuid.get())
                    .withLogGuid(log.logGuid()));
        } catch (NoSpaceException e) {
            // What was written may or may not be there, so this cannot be tried again.
            throw new IOException("the log or a header could not be written: " + e.getMessage(), e);
        }
        started = true;
    }

    private void writeFirstEntry(long fileEndBytes, StockPlan plan) throws IOException {
        log.append(List.of(), fileEndBytes);
        Round round = new Round(log.beginRound(false), plan, allocator.fileEndMib(), new ArrayDeque<>(), health);
        round.run(storage);
        health.check();
        round.log().finish().run();
        allocator.restock(round.punched(), round.fileEndMib());
    }

    /**
     * Ends the changes: every entry is durable in its place, so there is nothing to replay any more. What the file has
     * beyond its last block is cut off.
     */
    void finish() throws IOException {
        headers.write(header -> header.withLogGuid(GuidCodec.NIL));
        long fileEndBytes = allocator.releaseStock() * Geometry.MIB;
        if (storage.size() > fileEndBytes) {
            // Not synced: if this is lost, the file is longer than it needs to be.
            storage.setSize(fileEndBytes);
        }
    }
}
