package io.vhdxd.vhdx.storage;

import java.nio.ByteBuffer;

/** A file as it would be after some change, for reading only: every change of it is a bug of the caller. */
public abstract class ReadOnlyView implements Storage {
    @Override
    public final boolean isWritable() {
        return false;
    }

    @Override
    public final boolean zeroesFast() {
        return false;
    }

    @Override
    public final void write(ByteBuffer src, long offset) {
        throw readOnly();
    }

    @Override
    public final void write(ByteBuffer[] srcs, long offset) {
        throw readOnly();
    }

    @Override
    public final void sync() {
        throw readOnly();
    }

    @Override
    public final void setSize(long size) {
        throw readOnly();
    }

    @Override
    public final void punchHole(long offset, long length) {
        throw readOnly();
    }

    @Override
    public final void zeroRange(long offset, long length) {
        throw readOnly();
    }

    @Override
    public final void reserve(long offset, long length) {
        throw readOnly();
    }

    private UnsupportedOperationException readOnly() {
        return new UnsupportedOperationException(getClass().getSimpleName() + " is for reading only");
    }
}
