package io.vhdxd.vhdx.write;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.Access;
import io.vhdxd.vhdx.ImageOnStorage;
import io.vhdxd.vhdx.VhdxImage;
import io.vhdxd.vhdx.request.FlushRequest;
import io.vhdxd.vhdx.request.ImageRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.storage.simulated.OperationKind;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.PendingCompletion;
import io.vhdxd.vhdx.testing.Seed;
import io.vhdxd.vhdx.testing.SimulatedImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The two threads of a writer: nothing waits for the sync of a round that it does not need, and nothing is forgotten. */
class WriterThreadsTest {
    private static final int BLOCK_BYTES = 1 << 20;
    private static final int BLOCK_COUNT = 4096;

    @Test
    @DisplayName("while one thread is in a sync, the other writes to new blocks; the flush waits for the sync")
    void writesDuringSync() throws Exception {
        SimulatedStorage storage = SimulatedImages.dynamic((long) BLOCK_COUNT * BLOCK_BYTES, BLOCK_BYTES);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean holdsSyncs = new AtomicBoolean();
        CountDownLatch inSync = new CountDownLatch(1);
        storage.setHooks(
                (kind, offset, length) -> {
                    if (kind == OperationKind.SYNC && holdsSyncs.get()) {
                        inSync.countDown();
                        await(release);
                    }
                },
                (kind, offset, length) -> {});
        try (VhdxImage image = ImageOnStorage.open(storage, Access.READ_WRITE)) {
            write(image, 0).get();
            flush(image).get();
            holdsSyncs.set(true);
            try {
                PendingCompletion flushed = flush(image);
                inSync.await();
                for (int block = 1; block < 20; block++) {
                    write(image, block).get();
                }
                assertThat(flushed.isDone()).isFalse();
                release.countDown();
                flushed.get();
            } finally {
                release.countDown();
            }
            flush(image).get();
        }
    }

    @Test
    @DisplayName("many clients write and flush at random: every request is answered, whichever thread has the turn")
    void nothingIsForgotten() throws Exception {
        RandomGenerator seeds = Seed.generator(WriterThreadsTest.class);
        SimulatedStorage storage = SimulatedImages.dynamic((long) BLOCK_COUNT * BLOCK_BYTES, BLOCK_BYTES);
        try (VhdxImage image = ImageOnStorage.open(storage, Access.READ_WRITE);
                ExecutorService clients = Executors.newFixedThreadPool(4)) {
            List<Future<?>> running = new ArrayList<>();
            for (int client = 0; client < 4; client++) {
                RandomGenerator random = new SplittableRandom(seeds.nextLong());
                running.add(clients.submit(() -> {
                    for (int i = 0; i < 2000; i++) {
                        (random.nextInt(3) == 0 ? flush(image) : write(image, random.nextInt(BLOCK_COUNT))).get();
                    }
                    return null;
                }));
            }
            for (Future<?> future : running) {
                future.get();
            }
            assertThat(image.failure()).isNull();
        }
    }

    private static PendingCompletion write(VhdxImage image, int block) {
        ByteBuffer[] srcs = {DiskModel.content(0, 1, 1)};
        PendingCompletion done = new PendingCompletion();
        return submit(image, new WriteRequest((long) block * BLOCK_BYTES, srcs, false, done), done);
    }

    private static PendingCompletion flush(VhdxImage image) {
        PendingCompletion done = new PendingCompletion();
        return submit(image, new FlushRequest(done), done);
    }

    private static PendingCompletion submit(VhdxImage image, ImageRequest request, PendingCompletion done) {
        image.submit(request);
        return done;
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
