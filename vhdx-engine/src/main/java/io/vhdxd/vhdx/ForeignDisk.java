package io.vhdxd.vhdx;

import io.vhdxd.vhdx.edit.DiskCopy;
import java.io.Closeable;
import java.io.IOException;

/** A disk that is no file of this engine, such as one behind a network: a source of an {@link ImageConversion}, or its target. */
public interface ForeignDisk extends DiskCopy.Source, DiskCopy.Target, Closeable {
    /**
     * Gets ready to be written, from the beginning of the disk to its end.
     *
     * @throws IOException if it cannot take a disk of this size
     */
    void begin(long diskSizeBytes) throws IOException;

    /** Everything was written: makes what was left out zeros, up to this size, and all of it durable. */
    void finish(long diskSizeBytes) throws IOException;
}
