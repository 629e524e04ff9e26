package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.diagnosis.Findings;
import io.vhdxd.vhdx.format.Header;
import io.vhdxd.vhdx.load.ImageLoader;
import io.vhdxd.vhdx.load.LoadOptions;
import io.vhdxd.vhdx.read.BlockReader;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.simulated.Operation;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.SimulatedImages;
import io.vhdxd.vhdx.write.SteppedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The real engine on a simulated disk, moved step by step by a workload, with the model of what its disk may hold. It
 * tells its {@link Watcher} of every moment that can make a difference to a crash.
 */
final class DrivenImage {
    /** Numbers of sessions go into their GUIDs. */
    private static final long FIRST_SESSION = 100;

    private final Shape shape;
    private final Watching watching;
    private final UnaryOperator<Storage> seen;
    private final DiskModel model;
    private final @Nullable BlockReader parent;
    private final ArrayDeque<Runnable> duringSync = new ArrayDeque<>();
    private final List<IOException> failures = new ArrayList<>();
    private SimulatedStorage storage;
    private SteppedImage image;
    private long firstStamp;
    private Header openedHeader;
    private Set<Long> sizesBytes;
    private int sessions;
    private boolean recovered = true;
    private long firedBefore;
    private int operationsBefore;
    private int unanswered;
    /** So many operations on the file are done before the process is killed. */
    private long operationsToLive = Long.MAX_VALUE;

    private DrivenImage(Shape shape, SimulatedStorage storage, UnaryOperator<Storage> seen, Watcher watcher)
            throws IOException {
        this.shape = shape;
        this.watching = new Watching(this, watcher);
        this.seen = seen;
        this.model = new DiskModel(shape::isFollowed);
        this.parent = shape.child() ? ParentDisk.create(shape, model) : null;
        this.firstStamp = model.lastStamp() + 1;
        this.storage = storage;
        this.image = SteppedImage.open(storage, seen.apply(storage), parent, SimulatedImages.guids(FIRST_SESSION));
        this.openedHeader = image.openedHeaders().current();
        this.sizesBytes = Set.of(image.geometry().virtualSizeBytes());
        this.firedBefore = storage.faults().firedCount();
        storage.startRecording();
        hook();
    }

    /** Opens a new image. */
    static DrivenImage open(Shape shape, Watcher watcher) throws IOException {
        return open(shape, UnaryOperator.identity(), watcher);
    }

    /**
     * Opens a new image.
     *
     * @param seen puts something between the engine and the disk
     */
    static DrivenImage open(Shape shape, UnaryOperator<Storage> seen, Watcher watcher) throws IOException {
        return new DrivenImage(shape, shape.create(), seen, watcher);
    }

    /**
     * Opens an image that there is already.
     *
     * @param storage of this shape, never opened before
     */
    static DrivenImage open(Shape shape, SimulatedStorage storage, Watcher watcher) throws IOException {
        return new DrivenImage(shape, storage, UnaryOperator.identity(), watcher);
    }

    private void hook() {
        storage.setHooks(
                (kind, offset, length) -> {
                    if (operationsToLive-- <= 0) {
                        throw new IOException("the process was killed");
                    }
                    if (kind == OperationKind.SYNC && !duringSync.isEmpty()) {
                        duringSync.removeFirst().run();
                    }
                },
                (kind, offset, length) -> {
                    if (kind == OperationKind.WRITE) {
                        watching.written(offset);
                    }
                    switch (kind) {
                        case WRITE, SET_SIZE, PUNCH, ZERO -> watching.changed();
                        case READ, READ_CACHED, SYNC, SIZE, RESERVE, NEXT_DATA -> {}
                    }
                });
    }

    Shape shape() {
        return shape;
    }

    DiskModel model() {
        return model;
    }

    /** The parent of the disk; null if it has none. */
    @Nullable BlockReader parent() {
        return parent;
    }

    SimulatedStorage storage() {
        return storage;
    }

    SteppedImage image() {
        return image;
    }

    /** The first stamp of the session that is running. */
    long firstStamp() {
        return firstStamp;
    }

    /** The header before this session changes it. */
    Header openedHeader() {
        return openedHeader;
    }

    /** The sizes that the disk may have at this moment, whatever crashes. */
    Set<Long> sizesBytes() {
        return sizesBytes;
    }

    /** The errors with which requests were answered. */
    List<IOException> failures() {
        return failures;
    }

    /** Requests that have no answer yet. */
    int unanswered() {
        return unanswered;
    }

    /**
     * Whether the watcher is told of what happens from now on. While it is not, it is told all the same when the log comes to
     * its other half.
     */
    void watch(boolean on) {
        watching.set(on);
    }

    // --- requests
    // -----------------------------------------------------------------------------------------------------

    void write(long sector, int count) {
        write(sector, count, false);
    }

    void write(long sector, int count, boolean durable) {
        long stamp = model.beginWrite(sector, count);
        ByteBuffer[] srcs = {DiskModel.content(sector, count, stamp)};
        submit(new WriteRequest(sector * DiskModel.SECTOR_BYTES, srcs, durable, change(stamp, durable)));
    }

    /** As a server does it: past the writer if all blocks are present. */
    void overwrite(long sector, int count) throws IOException {
        long stamp = model.beginWrite(sector, count);
        ByteBuffer[] srcs = {DiskModel.content(sector, count, stamp)};
        int access = image.gate().enter();
        boolean done;
        try {
            done = image.overwrites()
                    .tryWrite(sector * DiskModel.SECTOR_BYTES, srcs, (long) count * DiskModel.SECTOR_BYTES);
        } catch (IOException e) {
            if (operationsToLive >= 0) {
                failures.add(e);
            }
            return;
        } finally {
            image.gate().exit(access);
        }
        if (done) {
            model.answered(stamp);
            watching.answered(false);
        } else {
            submit(new WriteRequest(sector * DiskModel.SECTOR_BYTES, srcs, false, change(stamp, false)));
        }
    }

    void zero(long sector, long count, boolean keepAllocated, boolean durable) {
        long handle = model.beginZero(sector, count);
        submit(new ZeroRequest(
                sector * DiskModel.SECTOR_BYTES,
                count * DiskModel.SECTOR_BYTES,
                keepAllocated,
                false,
                durable,
                change(handle, durable)));
    }

    void trim(long sector, long count, boolean durable) {
        long handle = model.beginTrim(sector, count);
        submit(new TrimRequest(
                sector * DiskModel.SECTOR_BYTES, count * DiskModel.SECTOR_BYTES, durable, change(handle, durable)));
    }

    /** Trims the n-th block altogether. */
    void trimBlock(int n) {
        long first = shape.sector(n, 0);
        trim(first, Math.min(shape.blockSectors(), shape.virtualSectors() - first), false);
    }

    void flush() {
        long handle = model.beginFlush();
        submit(new FlushRequest(answer(true, () -> model.flushed(handle))));
    }

    /** Makes the disk as large as its shape says that it becomes. */
    void grow() {
        long sizeBytes = shape.largestSizeBytes();
        Set<Long> before = sizesBytes;
        sizesBytes = new TreeSet<>(before);
        sizesBytes.add(sizeBytes);
        Completion answer = answer(true, () -> sizesBytes = Set.of(sizeBytes));
        submit(new GrowRequest(sizeBytes, failure -> {
            if (failure instanceof NoSpaceException) {
                sizesBytes = before;
            }
            answer.completed(failure);
        }));
    }

    /** Whether the disk is as large as it becomes, and was so answered. */
    boolean hasGrown() {
        return sizesBytes.equals(Set.of(shape.largestSizeBytes()));
    }

    private void submit(ImageRequest request) {
        unanswered++;
        image.submit(request);
    }

    private Completion change(long handle, boolean durable) {
        return answer(durable, () -> {
            model.answered(handle);
            if (durable) {
                model.persisted(handle);
            }
        });
    }

    private Completion answer(boolean durable, Runnable whenDone) {
        return failure -> {
            unanswered--;
            if (operationsToLive < 0) {
                return;
            }
            if (failure == null) {
                whenDone.run();
                watching.answered(durable);
            } else {
                failures.add(failure);
            }
        };
    }

    // --- time
    // ---------------------------------------------------------------------------------------------------------

    /** One turn of the writer. */
    void step() {
        image.step();
    }

    /** Turns of the writer until it waits for the disk. */
    void rest() {
        image.stepToRest();
    }

    /** Runs the background round, if one is started. */
    void round() {
        if (image.isRoundStarted()) {
            image.runRound();
        }
    }

    /** Everything that is under way comes to its end. */
    void settle() {
        image.settle();
    }

    void flushAndSettle() {
        flush();
        settle();
    }

    void passTime() {
        image.advanceClockToRecycling();
    }

    /** What happens while the next sync is running that has nothing of the kind yet: after it has begun, before it ends. */
    void duringNextSync(Runnable action) {
        duringSync.addLast(action);
    }

    /** Closes the image, and finds it marked as clean. */
    void close() throws IOException {
        image.close();
        boolean failed = image.health().hasFailed();
        if (!failed
                && ImageLoader.load(storage.copy(), LoadOptions.STRICT, new Findings())
                        .needsReplay()) {
            throw new Violation("the image was closed, and its log is still in use");
        }
    }

    /** Closes the image, and opens it again. */
    void reopen() throws IOException {
        close();
        noteFailedSync();
        openAgain();
    }

    private void noteFailedSync() {
        List<Operation> recorded = storage.recording();
        boolean failed = recorded.subList(operationsBefore, recorded.size()).stream()
                .anyMatch(operation -> operation instanceof Operation.Sync sync && !sync.succeeded());
        if (failed) {
            model.syncFailed();
        }
    }

    /** Lets the process be killed when it has done so many operations on the file, whichever they are. */
    void killAfter(int operations) {
        operationsToLive = operations;
    }

    /**
     * Closes the image, if it lives so long, and opens the file again as the kernel has it: the death of a process makes nothing
     * durable.
     */
    void restart() throws IOException {
        image.close();
        model.died();
        noteFailedSync();
        storage.clearHooks();
        duringSync.clear();
        operationsToLive = Long.MAX_VALUE;
        openAgain();
    }

    /** Loses power, as told, and opens what is left. */
    void crashAndReopen(UnaryOperator<SimulatedStorage> crash) throws IOException {
        storage.clearHooks();
        duringSync.clear();
        SimulatedStorage left = crash.apply(storage);
        left.faults().takeOver(storage.faults());
        left.startRecording();
        storage = left;
        unanswered = 0;
        recovered = false;
        openAgain();
        ByteBuffer content = ByteBuffer.allocate(DiskModel.SECTOR_BYTES);
        SteppedImage now = image;
        long sizeBytes = image.geometry().virtualSizeBytes();
        model.found(sector -> {
            if (sector * DiskModel.SECTOR_BYTES >= sizeBytes) {
                return 0;
            }
            try {
                now.read(sector * DiskModel.SECTOR_BYTES, content.clear());
            } catch (IOException e) {
                throw new UncheckedIOException("sector " + sector + " cannot be read after a crash", e);
            }
            return DiskModel.stampOf(sector, content.flip());
        });
        recovered = true;
    }

    /** How many operations on the file had failed when the session that is running began. */
    long firedBefore() {
        return firedBefore;
    }

    /** How many of the recorded operations were done before the session that is running. */
    int operationsBefore() {
        return operationsBefore;
    }

    /** Whether the model knows what the last crash has left; false if the opening after it has failed. */
    boolean isRecovered() {
        return recovered;
    }

    private void openAgain() throws IOException {
        firedBefore = storage.faults().firedCount();
        operationsBefore = storage.recording().size();
        sessions++;
        image = SteppedImage.open(
                storage, seen.apply(storage), parent, SimulatedImages.guids(FIRST_SESSION + sessions));
        openedHeader = image.openedHeaders().current();
        sizesBytes = Set.of(image.geometry().virtualSizeBytes());
        firstStamp = model.lastStamp() + 1;
        hook();
    }

    /** A read that has looked up where the n-th block is, and has not read yet. */
    SlowRead beginSlowRead(int n) {
        return new SlowRead(image, storage, shape.sector(n, 0));
    }
}
