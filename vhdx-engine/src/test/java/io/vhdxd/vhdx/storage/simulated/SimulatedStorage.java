package io.vhdxd.vhdx.storage.simulated;

import io.vhdxd.vhdx.storage.NoSpaceException;
import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * A file in memory that can lose power.
 *
 * <h2>What a crash does</h2>
 *
 * <p>The model promises less than real disks and file systems do, so that what survives here survives there. A crash is a
 * loss of power; the mere death of a process loses nothing.
 *
 * <ul>
 *   <li>A change is a write, a hole, a zeroed range or a new size. It is <em>durable</em> once a sync has succeeded that
 *       began after the change was finished. Until then it is <em>volatile</em>: the crash may lose it or keep it.
 *   <li>Volatile changes know no order. Each is lost or kept for itself, whatever happens to those before and after it.
 *       Where two that are kept overlap, the later one is seen.
 *   <li>A change is torn: any of its pieces survive and any are lost. The pieces of a write are its aligned sectors of 512
 *       bytes, those of a hole or a zeroed range its aligned pages of 4096. A sector is never torn and never garbage.
 *   <li>The size is lost or kept apart from the content. If a write made the file longer, its content may survive and the
 *       new size be lost: what lies beyond the end is dropped. Or the size survives and the content is lost: the new
 *       part is zeros. It may also end anywhere in the write. If the cutting of a file is lost, its old end is back.
 *   <li>A sync that fails leaves what it should have made durable in doubt for ever. The kernel has taken the pages for
 *       clean; a later sync does not write them again, and its success says nothing about them. Each such change may
 *       be lost or kept in every later crash. While the machine runs, reads see the change. What is written later and
 *       synced is durable as ever, and is seen where it overlaps a change in doubt.
 *   <li>A sync covers the changes that were finished when it began, and none that finish while it runs.
 *   <li>Reserved space is not followed through a crash: the file that is left has space where it has content.
 * </ul>
 *
 * <h2>What a test does with it</h2>
 *
 * <p>{@link #crash(Function)} makes the file that a chosen crash leaves, {@link #crash(RandomGenerator)} one by chance;
 * both can be called at any moment and any number of times. {@link #undurable} lists what there is to choose.
 * {@link #recording} keeps every operation in the order in which it took effect; {@link #replay} does them again to
 * another storage, so that every moment of a run can be visited and every crash there tried. {@link #faults} lets
 * operations fail, {@link #setSpaceLimit} makes space short, {@link #setHooks} runs code before and after operations,
 * {@link #setCacheModel} makes {@link #readCached} miss.
 *
 * <p>Thread-safe. Every operation takes effect at one moment, under one lock.
 */
public final class SimulatedStorage implements Storage {
    /** How much of a read the page cache has. */
    @FunctionalInterface
    public interface CacheModel {
        /** The number of bytes from {@code offset} on that need no waiting. */
        int cachedBytes(long offset, int length);
    }

    /** The largest size a file can have here. */
    public static final long MAX_SIZE = 1L << 48;

    private static final StorageHook NO_HOOK = (kind, offset, length) -> {};

    private final FaultPlan faults = new FaultPlan();
    private final boolean writable;

    private volatile StorageHook before = NO_HOOK;
    private volatile StorageHook after = NO_HOOK;
    private volatile CacheModel cacheModel = (offset, length) -> length;

    private volatile boolean zeroesFast = true;

    // Guarded by this.
    private final FileImage current;
    private final ChangeHistory history;
    private long sequence;
    private long spaceLimitBytes = Long.MAX_VALUE;
    private boolean records;
    private final List<Operation> recorded = new ArrayList<>();
    private boolean closed;

    /** An empty file. */
    public SimulatedStorage() {
        this(new FileImage(), true);
    }

    private SimulatedStorage(FileImage image, boolean writable) {
        this.current = image;
        this.history = new ChangeHistory(image.copy());
        this.writable = writable;
    }

    // --- what a test does with it -----------------------------------------------------------------------------------

    /** The file as it is read at this moment, with nothing volatile, as a further storage with no faults and no hooks. */
    public synchronized SimulatedStorage copy() {
        return new SimulatedStorage(current.copy(), true);
    }

    /** As {@link #copy}, but opened for reading only. */
    public synchronized SimulatedStorage readOnlyCopy() {
        return new SimulatedStorage(current.copy(), false);
    }

    /** The changes that a crash at this moment may lose, oldest first. */
    public synchronized List<Operation.Change> undurable() {
        return history.undurable();
    }

    /** The file that is left of this one if a crash at this moment treats every undurable change as told. */
    public synchronized SimulatedStorage crash(Function<Operation.Change, Fate> fates) {
        return new SimulatedStorage(history.afterCrash(fates), true);
    }

    /** The file that is left of this one if a crash at this moment gives every undurable change the same fate. */
    public SimulatedStorage crash(Fate fate) {
        return crash(change -> fate);
    }

    /** The file that is left by some crash at this moment. */
    public SimulatedStorage crash(RandomGenerator random) {
        return switch (random.nextInt(8)) {
            case 0 -> crash(Fate.LOST);
            case 1 -> crash(Fate.KEPT);
            default -> crash(change -> Fate.random(change, random));
        };
    }

    /** Starts to keep the operations. */
    public synchronized void startRecording() {
        records = true;
    }

    /** The operations since {@link #startRecording}, in the order in which they took effect. */
    public synchronized List<Operation> recording() {
        return List.copyOf(recorded);
    }

    /** Does a recorded operation to this storage. It must be the one that followed those already done. */
    public synchronized void replay(Operation operation) {
        take(operation);
    }

    /** Which operations fail. */
    public FaultPlan faults() {
        return faults;
    }

    /**
     * How much space the file can have; what it has at the moment stays. A write that finds too little is done in part, as
     * far as the space goes.
     */
    public synchronized void setSpaceLimit(long limitBytes) {
        spaceLimitBytes = limitBytes;
    }

    /** How much space the file takes, in bytes. */
    public synchronized long spaceBytes() {
        return current.content.pageCount() * SparseBytes.PAGE_BYTES;
    }

    /** Sets what is called before and after every operation; {@code after} also when the operation has failed. */
    public void setHooks(StorageHook before, StorageHook after) {
        this.before = before;
        this.after = after;
    }

    public void clearHooks() {
        setHooks(NO_HOOK, NO_HOOK);
    }

    public void setCacheModel(CacheModel model) {
        this.cacheModel = model;
    }

    /** Sets what {@link #zeroesFast} says. */
    public void setZeroesFast(boolean fast) {
        this.zeroesFast = fast;
    }

    // --- the storage ------------------------------------------------------------------------------------------------

    @Override
    public int read(ByteBuffer dst, long offset) throws IOException {
        checkDestination(dst, offset);
        return run(
                OperationKind.READ,
                offset,
                dst.remaining(),
                limit -> readNow(dst, offset, (int) Math.min(dst.remaining(), limit)));
    }

    @Override
    public int readCached(ByteBuffer dst, long offset) throws IOException {
        checkDestination(dst, offset);
        return run(OperationKind.READ_CACHED, offset, dst.remaining(), limit -> {
            int cachedBytes = Math.clamp(cacheModel.cachedBytes(offset, dst.remaining()), 0, dst.remaining());
            return readNow(dst, offset, cachedBytes);
        });
    }

    private synchronized int readNow(ByteBuffer dst, long offset, int maxBytes) throws IOException {
        checkOpen();
        int count = Math.clamp(current.size - offset, 0, maxBytes);
        int limit = dst.limit();
        current.content.read(offset, dst.limit(dst.position() + count));
        dst.limit(limit);
        return count;
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
        write(new ByteBuffer[] {src}, offset);
    }

    @Override
    public void write(ByteBuffer[] srcs, long offset) throws IOException {
        checkWritable();
        long total = 0;
        for (ByteBuffer src : srcs) {
            total += src.remaining();
        }
        Objects.checkFromIndexSize(offset, total, Long.MAX_VALUE);
        long length = total;
        run(OperationKind.WRITE, offset, length, limit -> {
            writeNow(srcs, offset, Math.min(length, limit));
            return 0;
        });
    }

    private synchronized void writeNow(ByteBuffer[] srcs, long offset, long length) throws IOException {
        checkOpen();
        long end = Math.min(current.content.reach(offset, offset + length, freePages()), MAX_SIZE);
        if (end > offset) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(end - offset));
            for (ByteBuffer src : srcs) {
                int count = Math.min(src.remaining(), content.remaining());
                content.put(src.slice(src.position(), count));
                src.position(src.position() + count);
            }
            take(new Operation.Write(sequence + 1, offset, content.flip().asReadOnlyBuffer(), current.size));
        }
        if (end < offset + length) {
            throw new NoSpaceException("no space from offset " + end + " on");
        }
    }

    @Override
    public void sync() throws IOException {
        long covered;
        synchronized (this) {
            covered = sequence;
        }
        before.run(OperationKind.SYNC, 0, 0);
        try {
            FaultPlan.Fault fault = faults.next(OperationKind.SYNC);
            synchronized (this) {
                checkOpen();
                take(new Operation.Sync(sequence + 1, covered, fault == null));
            }
            if (fault != null && fault.exception() != null) {
                throw fault.exception().get();
            }
        } finally {
            after.run(OperationKind.SYNC, 0, 0);
        }
    }

    @Override
    public long size() throws IOException {
        return run(OperationKind.SIZE, 0, 0, limit -> sizeNow());
    }

    private synchronized long sizeNow() throws IOException {
        checkOpen();
        return current.size;
    }

    @Override
    public void setSize(long size) throws IOException {
        checkWritable();
        if (size < 0) {
            throw new IllegalArgumentException("size " + size + " (expected: not negative)");
        }
        run(OperationKind.SET_SIZE, size, 0, limit -> {
            if (size > MAX_SIZE) {
                throw new NoSpaceException("size " + size + " (expected: <= " + MAX_SIZE + ")");
            }
            setSizeNow(size);
            return 0;
        });
    }

    private synchronized void setSizeNow(long size) throws IOException {
        checkOpen();
        take(new Operation.SetSize(sequence + 1, size));
    }

    @Override
    public void punchHole(long offset, long length) throws IOException {
        checkWritable();
        Objects.checkFromIndexSize(offset, length, Long.MAX_VALUE);
        run(OperationKind.PUNCH, offset, length, limit -> {
            punchNow(offset, offset + length);
            return 0;
        });
    }

    private synchronized void punchNow(long offset, long end) throws IOException {
        checkOpen();
        long endInFile = Math.min(end, current.size);
        if (offset < endInFile) {
            take(new Operation.Punch(sequence + 1, offset, endInFile - offset));
        }
    }

    @Override
    public void zeroRange(long offset, long length) throws IOException {
        checkWritable();
        Objects.checkFromIndexSize(offset, length, Long.MAX_VALUE);
        run(OperationKind.ZERO, offset, length, limit -> {
            zeroNow(offset, offset + length);
            return 0;
        });
    }

    private synchronized void zeroNow(long offset, long end) throws IOException {
        checkOpen();
        long endInFile = Math.min(end, current.size);
        if (offset < endInFile) {
            checkSpace(offset, endInFile);
            take(new Operation.Zero(sequence + 1, offset, endInFile - offset));
        }
    }

    @Override
    public void reserve(long offset, long length) throws IOException {
        checkWritable();
        Objects.checkFromIndexSize(offset, length, Long.MAX_VALUE);
        run(OperationKind.RESERVE, offset, length, limit -> {
            reserveNow(offset, offset + length);
            return 0;
        });
    }

    private synchronized void reserveNow(long offset, long end) throws IOException {
        checkOpen();
        checkSpace(offset, end);
        current.content.reserve(offset, end);
    }

    @Override
    public boolean zeroesFast() {
        return writable && zeroesFast;
    }

    @Override
    public long nextData(long offset) throws IOException {
        Objects.checkIndex(offset, Long.MAX_VALUE);
        return run(OperationKind.NEXT_DATA, offset, 0, limit -> nextDataNow(offset));
    }

    private synchronized long nextDataNow(long offset) throws IOException {
        checkOpen();
        return Math.min(current.content.nextData(offset), current.size);
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public synchronized void close() {
        closed = true;
    }

    /** Something that an operation does, at most to {@code limitBytes} bytes. */
    private interface Action<T> {
        T run(long limitBytes) throws IOException;
    }

    private <T> T run(OperationKind kind, long offset, long length, Action<T> action) throws IOException {
        before.run(kind, offset, length);
        try {
            FaultPlan.Fault fault = faults.next(kind);
            if (fault == null) {
                return action.run(Long.MAX_VALUE);
            }
            if (fault.exception() == null) {
                return action.run(fault.doneBytes());
            }
            if (fault.doneBytes() > 0) {
                action.run(fault.doneBytes());
            }
            throw fault.exception().get();
        } finally {
            after.run(kind, offset, length);
        }
    }

    private void take(Operation operation) {
        sequence = operation.sequence();
        switch (operation) {
            case Operation.Change change -> {
                current.apply(change);
                history.add(change);
            }
            case Operation.Sync sync -> history.finishSync(sync);
        }
        if (records) {
            recorded.add(operation);
        }
    }

    private long freePages() {
        return Math.max(0, spaceLimitBytes / SparseBytes.PAGE_BYTES - current.content.pageCount());
    }

    private void checkSpace(long offset, long end) throws NoSpaceException {
        long reach = current.content.reach(offset, end, freePages());
        if (reach < end) {
            throw new NoSpaceException("no space from offset " + reach + " on");
        }
    }

    private void checkOpen() throws IOException {
        if (closed) {
            throw new IOException("the simulated file is closed");
        }
    }

    private void checkWritable() {
        if (!writable) {
            throw new IllegalStateException("the simulated file was opened for reading only");
        }
    }

    private static void checkDestination(ByteBuffer dst, long offset) {
        if (dst.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        Objects.checkFromIndexSize(offset, dst.remaining(), Long.MAX_VALUE);
    }
}
