package io.vhdxd.vhdx.edit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Copies the content of a disk to another one that is all zeros, in large pieces: one thread reads the next piece while another
 * writes the one before. Zeros are not written.
 */
public final class DiskCopy {
    private static final int PIECE_BYTES = 4 << 20;
    private static final int PIECE_COUNT = 4;

    /** Zeros are looked for in units of this size. */
    private static final int UNIT_BYTES = 64 << 10;

    /** Where a disk's content comes from. */
    public interface Source {
        long sizeBytes();

        /** The first offset at or after this one that may hold anything but zeros; the size if there is none. */
        long nextData(long offsetBytes) throws IOException;

        /** Fills the buffer. */
        void read(long offsetBytes, ByteBuffer dst) throws IOException;
    }

    /** Where it goes to. */
    public interface Target {
        /** Writes all of the buffer. */
        void write(long offsetBytes, ByteBuffer src) throws IOException;
    }

    /** A part of the disk that was read. */
    private record Piece(long offsetBytes, ByteBuffer content) {
        boolean isEnd() {
            return offsetBytes < 0;
        }
    }

    private static final Piece END = new Piece(-1, ByteBuffer.allocate(0));

    private final Source source;
    private final Target target;
    private final Progress progress;
    private final BlockingQueue<ByteBuffer> empty = new ArrayBlockingQueue<>(PIECE_COUNT);
    private final BlockingQueue<Piece> full = new ArrayBlockingQueue<>(PIECE_COUNT + 1);
    private final CompletableFuture<Void> written = new CompletableFuture<>();
    private volatile @Nullable Throwable writeFailure;

    private DiskCopy(Source source, Target target, Progress progress) {
        this.source = source;
        this.target = target;
        this.progress = progress;
        for (int i = 0; i < PIECE_COUNT; i++) {
            empty.add(ByteBuffer.allocateDirect(PIECE_BYTES));
        }
    }

    /** Copies everything; all of it is written when this returns. */
    public static void copy(Source source, Target target, Progress progress) throws IOException {
        new DiskCopy(source, target, progress).run();
    }

    private void run() throws IOException {
        Thread.ofPlatform().name("disk-copy").start(this::writeAll);
        try {
            readAll();
        } finally {
            put(END);
            written.join();
        }
        Throwable failure = writeFailure;
        switch (failure) {
            case null -> {}
            case IOException e -> throw e;
            default -> throw new IllegalStateException("the copy has failed", failure);
        }
    }

    private void readAll() throws IOException {
        long size = source.sizeBytes();
        progress.begin("copying", size);
        long at = 0;
        while (writeFailure == null) {
            long dataAt = Math.min(size, source.nextData(at));
            progress.advance(dataAt - at);
            at = dataAt;
            if (at == size) {
                return;
            }
            // Pieces begin and end on multiples of their size, so that they are aligned on both sides.
            int length = (int) Math.min(PIECE_BYTES - at % PIECE_BYTES, size - at);
            ByteBuffer content = take(empty).clear().limit(length);
            source.read(at, content);
            put(new Piece(at, content.flip()));
            progress.advance(length);
            at += length;
        }
    }

    private void writeAll() {
        Piece piece = take(full);
        while (!piece.isEnd()) {
            if (writeFailure == null) {
                try {
                    write(piece);
                } catch (IOException | RuntimeException | Error e) {
                    writeFailure = e;
                }
            }
            empty.add(piece.content);
            piece = take(full);
        }
        written.complete(null);
    }

    private void write(Piece piece) throws IOException {
        Zeros.forEachData(
                piece.content,
                UNIT_BYTES,
                (at, length) -> target.write(piece.offsetBytes + at, piece.content.slice(at, length)));
    }

    /**
     * Compares two disks of the same size.
     *
     * @return the first offset, in units of 4 MiB, of a piece that differs; -1 if there is none
     */
    public static long firstDifference(Source a, Source b, Progress progress) throws IOException {
        long size = a.sizeBytes();
        progress.begin("comparing", size);
        ByteBuffer first = ByteBuffer.allocateDirect(PIECE_BYTES);
        ByteBuffer second = ByteBuffer.allocateDirect(PIECE_BYTES);
        long at = 0;
        while (at < size) {
            long dataAt = Math.min(size, Math.min(a.nextData(at), b.nextData(at)));
            long pieceAt = Math.max(at, dataAt - dataAt % PIECE_BYTES);
            progress.advance(pieceAt - at);
            at = pieceAt;
            int length = (int) Math.min(PIECE_BYTES - at % PIECE_BYTES, size - at);
            first.clear().limit(length);
            second.clear().limit(length);
            a.read(at, first);
            b.read(at, second);
            if (!first.flip().equals(second.flip())) {
                return at;
            }
            progress.advance(length);
            at += length;
        }
        return -1;
    }

    private void put(Piece piece) {
        // There is room for all pieces and the end.
        full.add(piece);
    }

    // Nobody interrupts the threads: whatever wakes one up, it goes on waiting.

    private static <T> T take(BlockingQueue<T> queue) {
        while (true) {
            try {
                return queue.take();
            } catch (InterruptedException e) {
                // See above.
            }
        }
    }
}
