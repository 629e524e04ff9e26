package io.vhdxd.vhdx;

import io.vhdxd.vhdx.edit.Progress;
import io.vhdxd.vhdx.edit.Zeros;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.GrowRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Writes everything that a child decides, and nothing else, to its parent. */
final class MergeCopy {
    private static final int PIECE_BYTES = 4 << 20;

    private final ImageLayers layers;
    private final long childSizeBytes;
    private final Progress progress;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE_BYTES);
    private long copiedBytes;
    private long zeroedBytes;

    /** @param layers the child over its parent; nothing is read from the parent */
    MergeCopy(ImageLayers layers, long childSizeBytes, Progress progress) {
        this.layers = layers;
        this.childSizeBytes = childSizeBytes;
        this.progress = progress;
    }

    long copiedBytes() {
        return copiedBytes;
    }

    long zeroedBytes() {
        return zeroedBytes;
    }

    void run(VhdxImage target) throws IOException {
        long[] totalBytes = {0};
        forEachOwn((offset, length, present) -> totalBytes[0] += length);
        progress.begin("merging", totalBytes[0]);
        if (childSizeBytes > target.virtualSizeBytes()) {
            submit(target, completion -> new GrowRequest(childSizeBytes, completion));
        }
        forEachOwn((offset, length, present) -> {
            if (present) {
                copy(target, offset, length);
            } else {
                zero(target, offset, length);
            }
        });
    }

    private interface OwnExtent {
        void extent(long offsetBytes, long lengthBytes, boolean present) throws IOException;
    }

    /** Tells the ranges that the child decides itself. */
    private void forEachOwn(OwnExtent visitor) throws IOException {
        IOException[] failure = new IOException[1];
        layers.extents()
                .visit(
                        0,
                        childSizeBytes,
                        (offset, length, present, depth) -> {
                            try {
                                if (depth == 1) {
                                    visitor.extent(offset, length, present);
                                }
                            } catch (IOException e) {
                                failure[0] = e;
                            }
                            return failure[0] == null;
                        },
                        true);
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    private void copy(VhdxImage target, long offsetBytes, long lengthBytes) throws IOException {
        long end = offsetBytes + lengthBytes;
        long at = offsetBytes;
        while (at < end) {
            // Pieces end on multiples of their size, so that blocks are written as a whole.
            int length = (int) Math.min(PIECE_BYTES - at % PIECE_BYTES, end - at);
            layers.reader().read(at, buffer.clear().limit(length));
            buffer.flip();
            if (Zeros.isAll(buffer)) {
                zero(target, at, length);
            } else {
                write(target, at);
                copiedBytes += length;
                progress.advance(length);
            }
            at += length;
        }
    }

    private void write(VhdxImage target, long offsetBytes) throws IOException {
        ByteBuffer[] srcs = {buffer};
        if (!target.tryWrite(offsetBytes, srcs)) {
            submit(target, completion -> new WriteRequest(offsetBytes, srcs, false, completion));
        }
    }

    private void zero(VhdxImage target, long offsetBytes, long lengthBytes) throws IOException {
        submit(target, completion -> new ZeroRequest(offsetBytes, lengthBytes, false, false, false, completion));
        zeroedBytes += lengthBytes;
        progress.advance(lengthBytes);
    }

    private void submit(VhdxImage target, Function<Completion, ImageRequest> request) throws IOException {
        CompletableFuture<IOException> outcome = new CompletableFuture<>();
        target.submit(request.apply(outcome::complete));
        IOException failure = outcome.join();
        if (failure != null) {
            throw failure;
        }
    }
}
