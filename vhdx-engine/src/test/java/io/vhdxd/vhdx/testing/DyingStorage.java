package io.vhdxd.vhdx.testing;

import io.vhdxd.vhdx.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file whose process is killed: after a number of changes nothing reaches it any more. The change at which that happens is
 * a write that is done in part, in whole sectors. Syncs are left out: the machine lives on.
 */
public final class DyingStorage implements Storage {
    private static final int SECTOR_BYTES = 512;

    private final Storage file;
    private final AtomicLong changesLeft;

    public DyingStorage(Storage file, long changes) {
        this.file = file;
        this.changesLeft = new AtomicLong(changes);
    }

    /** Nothing happens to the process. */
    public static DyingStorage immortal(Storage file) {
        return new DyingStorage(file, Long.MAX_VALUE);
    }

    public boolean isDead() {
        return changesLeft.get() < 0;
    }

    /** Kills the process now. */
    public void kill() {
        changesLeft.set(-1);
    }

    private void requireAlive() throws IOException {
        if (isDead()) {
            throw new IOException("the process was killed");
        }
    }

    private void change() throws IOException {
        if (changesLeft.decrementAndGet() < 0) {
            throw new IOException("the process was killed");
        }
    }

    @Override
    public int read(ByteBuffer dst, long offset) throws IOException {
        requireAlive();
        return file.read(dst, offset);
    }

    @Override
    public int readCached(ByteBuffer dst, long offset) throws IOException {
        requireAlive();
        return file.readCached(dst, offset);
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
        long left = changesLeft.decrementAndGet();
        if (left == -1) {
            int half = src.remaining() / 2 / SECTOR_BYTES * SECTOR_BYTES;
            file.write(src.slice(src.position(), half), offset);
        }
        if (left < 0) {
            throw new IOException("the process was killed");
        }
        file.write(src, offset);
    }

    @Override
    public void write(ByteBuffer[] srcs, long offset) throws IOException {
        change();
        file.write(srcs, offset);
    }

    @Override
    public void sync() throws IOException {
        requireAlive();
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public void setSize(long size) throws IOException {
        change();
        file.setSize(size);
    }

    @Override
    public void punchHole(long offset, long length) throws IOException {
        change();
        file.punchHole(offset, length);
    }

    @Override
    public void zeroRange(long offset, long length) throws IOException {
        change();
        file.zeroRange(offset, length);
    }

    @Override
    public void reserve(long offset, long length) throws IOException {
        change();
        file.reserve(offset, length);
    }

    @Override
    public boolean zeroesFast() {
        return file.zeroesFast();
    }

    @Override
    public long nextData(long offset) throws IOException {
        return file.nextData(offset);
    }

    @Override
    public boolean isWritable() {
        return file.isWritable();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
