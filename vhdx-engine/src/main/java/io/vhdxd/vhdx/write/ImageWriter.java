package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.diagnosis.ImageClosedException;
import io.vhdxd.vhdx.map.AccessGate;
import io.vhdxd.vhdx.measure.ImageObserver;
import io.vhdxd.vhdx.measure.WriterState;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.RequestQueue;
import java.io.IOException;
import java.util.UUID;
import java.util.function.Supplier;

/** The writer of an open image, running on threads of its own. */
public final class ImageWriter {
    private final RequestQueue requests;
    private final WriteAgent agent;
    private final WriterThreads threads;
    private final Overwrites overwrites;
    private final ImageHealth health;
    private final Disk disk;
    private final WriterGauges gauges;

    private ImageWriter(WriterAssembly assembly, WriterThreads threads) {
        this.requests = assembly.requests();
        this.agent = assembly.agent();
        this.overwrites = assembly.overwrites();
        this.health = assembly.health();
        this.disk = assembly.disk();
        this.gauges = assembly.gauges();
        this.threads = threads;
    }

    /**
     * Starts the writer of an image. Nothing is written before the first change.
     *
     * @param gate is entered by every access to blocks of the image past this writer
     * @param newDataWriteGuid gives the DataWriteGuid of the session, if anything is changed
     */
    public static ImageWriter start(WritableImage image, AccessGate gate, Supplier<UUID> newDataWriteGuid) {
        WriterThreads threads = new WriterThreads(image.storage(), image.name());
        WriterAssembly assembly =
                WriterAssembly.of(image, gate, threads, System::nanoTime, UUID::randomUUID, newDataWriteGuid);
        ImageWriter writer = new ImageWriter(assembly, threads);
        threads.start(assembly.agent());
        return writer;
    }

    /** The size of the virtual disk, which may grow. */
    public long virtualSizeBytes() {
        return disk.geometry().virtualSizeBytes();
    }

    public Overwrites overwrites() {
        return overwrites;
    }

    public ImageHealth health() {
        return health;
    }

    /** How things are with the writer. */
    public WriterState state() {
        return gauges.read(!requests.isEmpty());
    }

    /** Tells somebody what the writer does from now on. */
    public void observe(ImageObserver observer) {
        gauges.observe(observer);
    }

    /** Hands a request to the writer; its completion is told in any case. */
    public void submit(ImageRequest request) {
        switch (requests.put(request)) {
            case WAKE -> threads.wake();
            case QUEUED -> {}
            case CLOSED -> request.complete(new ImageClosedException("the image is closed"));
        }
    }

    /**
     * Carries out what was submitted, makes everything durable, marks the image clean and ends the writer. No access past
     * the writer may be running or begin any more.
     *
     * @throws IOException if anything that was complete may not be durable; the image is left to be replayed
     */
    public void close() throws IOException {
        agent.requestClose();
        threads.wake();
        threads.awaitEnd();
        health.check();
    }
}
