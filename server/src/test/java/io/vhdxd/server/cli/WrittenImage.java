package io.vhdxd.server.cli;

import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.request.Completion;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.request.ZeroRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** An image that is written at random, and what its disk reads then. It must be closed before a tool works on it. */
final class WrittenImage implements AutoCloseable {
    private static final int SECTOR = 512;

    private final VhdxImage image;
    private final byte[] content;
    private final Random random;

    /**
     * Opens an image.
     *
     * @param content what the disk reads now; kept up to date
     */
    WrittenImage(Path file, byte[] content, Random random) throws IOException {
        this.image = VhdxImage.open(file, Access.READ_WRITE);
        this.content = content;
        this.random = random;
    }

    /** Writes runs of sectors to random places. */
    void writeRuns(int count, int lengthMaxBytes) {
        for (int i = 0; i < count; i++) {
            int length = SECTOR * (1 + random.nextInt(lengthMaxBytes / SECTOR));
            write(SECTOR * random.nextInt((content.length - length) / SECTOR), length);
        }
    }

    void write(int offset, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        System.arraycopy(bytes, 0, content, offset, length);
        ByteBuffer[] srcs = {ByteBuffer.allocateDirect(length).put(0, bytes)};
        carryOut(done -> new WriteRequest(offset, srcs, false, done));
    }

    void zero(int offset, int length) {
        Arrays.fill(content, offset, offset + length, (byte) 0);
        carryOut(done -> new ZeroRequest(offset, length, false, false, false, done));
    }

    private void carryOut(Function<Completion, ImageRequest> request) {
        CompletableFuture<Void> carriedOut = new CompletableFuture<>();
        image.submit(request.apply(failure -> {
            if (failure == null) {
                carriedOut.complete(null);
            } else {
                carriedOut.completeExceptionally(failure);
            }
        }));
        carriedOut.join();
    }

    @Override
    public void close() throws IOException {
        image.close();
    }
}
