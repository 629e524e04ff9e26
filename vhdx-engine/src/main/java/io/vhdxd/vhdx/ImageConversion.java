package io.vhdxd.vhdx;

import io.vhdxd.vhdx.chain.ParentChain;
import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.diagnosis.CorruptImageException;
import io.vhdxd.vhdx.edit.DiskCopy;
import io.vhdxd.vhdx.edit.Progress;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.storage.NewFile;
import io.vhdxd.vhdx.storage.Storage;
import io.vhdxd.vhdx.storage.Storages;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/**
 * Copies a disk into a new file. The file appears under its name only when it is complete and durable. The source is not changed
 * and cannot be changed by others meanwhile.
 */
public final class ImageConversion implements Closeable {
    private static final int SECTOR_BYTES = 512;

    private final DiskCopy.Source source;
    private final Closeable opened;

    /** @param opened what is closed with the conversion */
    private ImageConversion(DiskCopy.Source source, Closeable opened) {
        this.source = source;
        this.opened = opened;
    }

    /** Begins with the raw content of a disk. Its size is rounded up to whole sectors of 512 bytes, by zeros. */
    public static ImageConversion ofRaw(Path file) throws IOException {
        Storage storage = Storages.open(file, false);
        return new ImageConversion(new RawSource(storage, storage.size()), storage);
    }

    /** Begins with an image. A dirty log is replayed in memory. Of an image with parents the whole chain is copied. */
    public static ImageConversion ofImage(Path file) throws IOException {
        return ofImage(file, ParentSearch.DEFAULT);
    }

    /** Begins with an image whose parents are found as told. */
    public static ImageConversion ofImage(Path file, ParentSearch search) throws IOException {
        VhdxImage image = VhdxImage.open(file, Access.READ_ONLY, search);
        return new ImageConversion(new ImageSource(image), image);
    }

    /** Begins with a disk that is elsewhere; it is closed with the conversion. Its size is a multiple of 512 bytes. */
    public static ImageConversion ofForeign(ForeignDisk disk) {
        return new ImageConversion(disk, disk);
    }

    /** The size of the disk. */
    public long virtualSizeBytes() {
        return source.sizeBytes();
    }

    /** The block size of the source; that of new images if it has none. */
    public int blockSizeBytes() {
        return source instanceof ImageSource image
                ? image.image().info().blockSizeBytes()
                : ImageCreation.BLOCK_SIZE_DEFAULT_BYTES;
    }

    /** The logical sector size of the source; that of new images if it has none. */
    public int logicalSectorSizeBytes() {
        return source instanceof ImageSource image ? image.image().info().logicalSectorSizeBytes() : SECTOR_BYTES;
    }

    /** The physical sector size of the source; that of new images if it has none. */
    public int physicalSectorSizeBytes() {
        return source instanceof ImageSource image ? image.image().info().physicalSectorSizeBytes() : 4096;
    }

    /**
     * Makes an image of the disk.
     *
     * @param creation says what the image is to be; its size is {@link #virtualSizeBytes}
     * @param verify whether to read everything again and compare it, before the file gets its name
     * @throws java.nio.file.FileAlreadyExistsException if there is such a file
     * @throws CorruptImageException if the comparison finds a difference
     */
    public void toImage(Path target, ImageCreation creation, boolean verify, Progress progress) throws IOException {
        if (creation.virtualSizeBytes() != source.sizeBytes()) {
            throw new IllegalArgumentException(
                    "virtual size: " + creation.virtualSizeBytes() + " (expected: " + source.sizeBytes() + ")");
        }
        try (NewFile newFile = NewFile.begin(target)) {
            creation.writeTo(newFile.storage());
            try (VhdxImage image = VhdxImage.open(
                    newFile.storage(),
                    target.toString(),
                    Access.READ_WRITE,
                    (loaded, findings) -> ParentChain.none())) {
                DiskCopy.copy(source, (offset, src) -> write(image, offset, src), progress);
                if (verify) {
                    verify(new ImageSource(image), target.toString(), progress);
                }
            }
            newFile.publish();
        }
    }

    /** Makes a raw file of the disk, with holes where it has zeros. Otherwise as {@link #toImage}. */
    public void toRaw(Path target, boolean verify, Progress progress) throws IOException {
        try (NewFile newFile = NewFile.begin(target)) {
            Storage storage = newFile.storage();
            storage.setSize(source.sizeBytes());
            DiskCopy.copy(source, (offset, src) -> storage.write(src, offset), progress);
            storage.sync();
            if (verify) {
                verify(new RawSource(storage, source.sizeBytes()), target.toString(), progress);
            }
            newFile.publish();
        }
    }

    /**
     * Writes the disk over what is elsewhere, and makes it durable there. A copy that is interrupted leaves a part of it.
     *
     * @param target holds at least as much; what it has behind the end of the disk stays
     * @param name what to call the target in a message
     */
    public void toForeign(ForeignDisk target, String name, boolean verify, Progress progress) throws IOException {
        target.begin(source.sizeBytes());
        DiskCopy.copy(source, target, progress);
        target.finish(source.sizeBytes());
        if (verify) {
            verify(new BeginningOf(target, source.sizeBytes()), name, progress);
        }
    }

    private void verify(DiskCopy.Source copy, String target, Progress progress) throws IOException {
        long difference = DiskCopy.firstDifference(source, copy, progress);
        if (difference >= 0) {
            throw new CorruptImageException(
                    target, -1, "what was written reads differently from offset " + difference + " on");
        }
    }

    private static void write(VhdxImage image, long offsetBytes, ByteBuffer src) throws IOException {
        ByteBuffer[] srcs = {src};
        if (image.tryWrite(offsetBytes, srcs)) {
            return;
        }
        CompletableFuture<IOException> outcome = new CompletableFuture<>();
        image.submit(new WriteRequest(offsetBytes, srcs, false, outcome::complete));
        IOException failure = outcome.join();
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() throws IOException {
        opened.close();
    }

    private record RawSource(Storage storage, long fileSizeBytes) implements DiskCopy.Source {
        @Override
        public long sizeBytes() {
            return Math.ceilDiv(fileSizeBytes, SECTOR_BYTES) * SECTOR_BYTES;
        }

        @Override
        public long nextData(long offsetBytes) throws IOException {
            return offsetBytes >= fileSizeBytes ? sizeBytes() : storage.nextData(offsetBytes);
        }

        @Override
        public void read(long offsetBytes, ByteBuffer dst) throws IOException {
            storage.read(dst, offsetBytes);
            while (dst.hasRemaining()) {
                dst.put((byte) 0);
            }
        }
    }

    private record ImageSource(VhdxImage image) implements DiskCopy.Source {
        @Override
        public long sizeBytes() {
            return image.info().virtualSizeBytes();
        }

        @Override
        public long nextData(long offsetBytes) throws IOException {
            long[] data = {sizeBytes()};
            image.extents(offsetBytes, sizeBytes() - offsetBytes, (offset, length, kind, depth) -> {
                if (kind == ExtentKind.DATA) {
                    data[0] = offset;
                }
                return kind != ExtentKind.DATA;
            });
            return data[0];
        }

        @Override
        public void read(long offsetBytes, ByteBuffer dst) throws IOException {
            image.read(offsetBytes, dst);
        }
    }

    /** As much of a disk as was written. */
    private record BeginningOf(DiskCopy.Source disk, long sizeBytes) implements DiskCopy.Source {
        @Override
        public long nextData(long offsetBytes) throws IOException {
            return Math.min(disk.nextData(offsetBytes), sizeBytes);
        }

        @Override
        public void read(long offsetBytes, ByteBuffer dst) throws IOException {
            disk.read(offsetBytes, dst);
        }
    }
}
