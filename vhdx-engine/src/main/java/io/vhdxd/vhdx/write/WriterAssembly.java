package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.log.HeaderUpdate;
import io.vhdxd.vhdx.map.AccessGate;
import io.vhdxd.vhdx.request.RequestQueue;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Puts the parts of a writer together; production and tests differ only in the runner of the rounds, the clock and the
 * source of GUIDs.
 */
record WriterAssembly(
        RequestQueue requests,
        WriteAgent agent,
        Overwrites overwrites,
        ImageHealth health,
        Disk disk,
        WriterGauges gauges) {
    static WriterAssembly of(
            WritableImage image,
            AccessGate gate,
            RoundRunner roundRunner,
            LongSupplier nanoClock,
            Supplier<UUID> newGuid) {
        return of(image, gate, roundRunner, nanoClock, newGuid, newGuid);
    }

    /** @param newDataWriteGuid gives the DataWriteGuid of the session, if anything is changed */
    static WriterAssembly of(
            WritableImage image,
            AccessGate gate,
            RoundRunner roundRunner,
            LongSupplier nanoClock,
            Supplier<UUID> newGuid,
            Supplier<UUID> newDataWriteGuid) {
        Geometry geometry = image.geometry();
        WritableChild child = image.child();
        Disk disk =
                new Disk(geometry, image.fixed(), child != null, image.storage().zeroesFast());
        ImageHealth health = new ImageHealth(image.name());
        Header header = image.headers().current();
        LogWriter log = new LogWriter(
                image.storage(),
                header.logOffsetBytes(),
                header.logLengthBytes(),
                newGuid.get(),
                child == null ? LogWriter.ENTRY_PAGES_MAX : LogWriter.CHILD_ENTRY_PAGES_MAX);
        // Structures may end where the file does not: a last block that was never written to its end.
        long fileEndMib = Math.max(
                (image.fileSizeBytes() + Geometry.MIB - 1) / Geometry.MIB,
                image.spaceMap().endMib());
        SpaceAllocator allocator =
                new SpaceAllocator(image.spaceMap(), geometry.blockSizeMib(), disk.zeroesFast(), fileEndMib);
        Quarantine quarantine = new Quarantine(gate);
        HeaderUpdate headerUpdate = new HeaderUpdate(image.storage(), image.headers());
        ImageSession session =
                new ImageSession(image.storage(), headerUpdate, log, allocator, health, newGuid, newDataWriteGuid);
        BatPages batPages = new BatPages(
                disk,
                image.blockMap(),
                child == null ? null : child.bitmaps().places(),
                image.bat().fileOffsetBytes());
        StagedBitmaps stagedBitmaps = child == null ? null : new StagedBitmaps(child.bitmaps());
        Staging staging = new Staging(disk, image.blockMap(), batPages, quarantine, log.entryPagesMax(), stagedBitmaps);
        Exposures exposures = new Exposures();
        PartialBlocks partialBlocks = child == null || stagedBitmaps == null
                ? null
                : new PartialBlocks(
                        disk,
                        image.storage(),
                        child.parent(),
                        batPages,
                        allocator,
                        quarantine,
                        staging,
                        stagedBitmaps,
                        exposures);
        Batch batch = new Batch(
                disk, image.storage(), image.blockMap(), batPages, allocator, quarantine, staging, partialBlocks);
        WriterGauges gauges =
                new WriterGauges(log.capacityBytes(), image.presentBlockCount(), fileEndMib * Geometry.MIB);
        Rounds rounds = new Rounds(disk, log, allocator, quarantine, exposures, health, roundRunner, gauges, nanoClock);
        Growth growth = new Growth(image, disk, batPages, allocator, log, stagedBitmaps);
        RequestQueue requests = new RequestQueue();
        WriteAgent agent = new WriteAgent(
                requests,
                health,
                session,
                log,
                batch,
                allocator,
                rounds,
                growth,
                exposures,
                child == null ? null : child.bitmaps(),
                gauges,
                geometry.blockCount() - image.presentBlockCount());
        Overwrites overwrites = new Overwrites(
                disk, image.storage(), image.blockMap(), health, session, child == null ? null : child.bitmaps());
        return new WriterAssembly(requests, agent, overwrites, health, disk, gauges);
    }
}
