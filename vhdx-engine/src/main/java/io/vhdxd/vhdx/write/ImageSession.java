package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.GuidCodec;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
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
    private final Supplier<UUID> newGuid;
    private volatile boolean started;

    ImageSession(
            Storage storage, HeaderUpdate headers, LogWriter log, SpaceAllocator allocator, Supplier<UUID> newGuid) {
        this.storage = storage;
        this.headers = headers;
        this.log = log;
        this.allocator = allocator;
        this.newGuid = newGuid;
    }

    /** Whether the image may be changed. Any thread may ask. */
    boolean isStarted() {
        return started;
    }

    /**
     * Begins to change the image: three syncs, once.
     *
     * <p>An empty entry comes first and is durable before a header names its LogGuid, so a crash at any moment leaves
     * either no log or a valid one. The same sync makes the first stock of space durable. Then the headers get a new
     * FileWriteGuid and DataWriteGuid together with the LogGuid.
     *
     * @param neededMib what the blocks that have no space could take in all
     * @throws io.vhdxd.vhdx.storage.NoSpaceException if there is no space for the log; to be tried again
     */
    void start(long neededMib) throws IOException {
        long fileEndBytes = allocator.fileEndMib() * Geometry.MIB;
        if (storage.size() < fileEndBytes) {
            // The file ended within a MiB, or within its last block.
            storage.setSize(fileEndBytes);
        }
        log.reserve();
        log.append(List.of(), fileEndBytes);
        StockPlan plan = allocator.plan(neededMib, List.of());
        Round round = new Round(log.beginRound(false), plan, allocator.fileEndMib(), List.of());
        round.run(storage);
        round.throwFailure();
        round.log().finish().run();
        allocator.restock(round.punched(), round.fileEndMib());
        headers.write(header -> header.withFileWriteGuid(newGuid.get())
                .withDataWriteGuid(newGuid.get())
                .withLogGuid(log.logGuid()));
        started = true;
    }

    /**
     * Ends the changes: every entry is durable in its place, so there is nothing to replay any more. What the file has
     * beyond its last block is cut off.
     */
    void finish() throws IOException {
        headers.write(header -> header.withLogGuid(GuidCodec.NIL));
        long fileEndBytes = allocator.releaseStock() * Geometry.MIB;
        if (storage.size() > fileEndBytes) {
            storage.setSize(fileEndBytes);
            storage.sync();
        }
    }
}
