package io.vhdxd.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.chain.ParentSearch;
import io.vhdxd.vhdx.request.TrimRequest;
import io.vhdxd.vhdx.request.WriteRequest;
import io.vhdxd.vhdx.testing.DiskModel;
import io.vhdxd.vhdx.testing.PendingCompletion;
import io.vhdxd.vhdx.testing.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Promise R5 under real concurrency (reliability.md row 75): every sector carries its own number, so a read that returns
 * another block's bytes is seen at once.
 */
class AccessStressTest {
    private static final int BLOCK_BYTES = 1 << 20;
    private static final int BLOCK_COUNT = 6;
    private static final int SECTORS_PER_BLOCK = BLOCK_BYTES / DiskModel.SECTOR_BYTES;
    private static final int READ_SECTORS = 64;
    private static final int WRITER_ROUNDS = 1500;
    private static final long REUSED_FILE_MAX_BYTES = 150L << 20;
    /** Most of them wait for a sync. */
    private static final int CHILD_WRITER_ROUNDS = 300;

    @TempDir
    private Path directory;

    @Test
    @DisplayName("readers and overwriters against a writer that trims and reuses space: no sector of another block")
    void stampedBlocks() throws Exception {
        RandomGenerator seeds = Seed.generator(AccessStressTest.class);
        Path file = directory.resolve("disk.vhdx");
        new ImageCreation(DiskType.DYNAMIC, (long) BLOCK_COUNT * BLOCK_BYTES, BLOCK_BYTES, 512, 4096, 1 << 20)
                .create(file);
        stress(file, WRITER_ROUNDS, seeds);
    }

    @Test
    @DisplayName("the same on a child whose sectors come one by one from its parent to itself")
    void stampedChild() throws Exception {
        RandomGenerator seeds = Seed.generator(AccessStressTest.class);
        Path parent = directory.resolve("parent.vhdx");
        Path child = directory.resolve("child.vhdx");
        new ImageCreation(DiskType.DYNAMIC, (long) BLOCK_COUNT * BLOCK_BYTES, BLOCK_BYTES, 512, 4096, 1 << 20)
                .create(parent);
        try (VhdxImage image = VhdxImage.open(parent, Access.READ_WRITE)) {
            PendingCompletion done = new PendingCompletion();
            ByteBuffer[] srcs = {DiskModel.content(0, (long) BLOCK_COUNT * SECTORS_PER_BLOCK, 1)};
            image.submit(new WriteRequest(0, srcs, false, done));
            done.get();
        }
        new ChildCreation(parent, ParentSearch.DEFAULT, 0, 2 * BLOCK_BYTES, 1 << 20).create(child);
        stress(child, CHILD_WRITER_ROUNDS, seeds);
    }

    private static void stress(Path file, int writerRounds, RandomGenerator seeds) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong reads = new AtomicLong();
        AtomicLong stamps = new AtomicLong();
        try (VhdxImage image = VhdxImage.open(file, Access.READ_WRITE);
                ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> others = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                long readerSeed = seeds.nextLong();
                others.add(threads.submit(
                        () -> readUntil(stop, image, reads, RandomGenerator.of("L64X128MixRandom"), readerSeed)));
                others.add(threads.submit(() -> overwriteUntil(stop, image, stamps)));
            }
            try {
                writeAndTrim(image, writerRounds, stamps, seeds);
            } finally {
                stop.set(true);
            }
            for (Future<?> other : others) {
                other.get();
            }
            assertThat(image.failure()).isNull();
        }
        assertThat(reads.get()).isPositive();
        // Each block gets space dozens of times: without reuse the file would have grown to hundreds of MiB.
        assertThat(Files.size(file)).isLessThan(REUSED_FILE_MAX_BYTES);
    }

    private static void writeAndTrim(VhdxImage image, int rounds, AtomicLong stamps, RandomGenerator random)
            throws IOException {
        for (int round = 0; round < rounds; round++) {
            long block = random.nextInt(BLOCK_COUNT);
            PendingCompletion done = new PendingCompletion();
            if (random.nextInt(3) == 0) {
                boolean durable = random.nextInt(4) == 0;
                image.submit(new TrimRequest(block * BLOCK_BYTES, BLOCK_BYTES, durable, done));
            } else {
                long sector = block * SECTORS_PER_BLOCK + random.nextInt(SECTORS_PER_BLOCK - READ_SECTORS);
                ByteBuffer content = DiskModel.content(sector, READ_SECTORS, stamps.incrementAndGet());
                image.submit(
                        new WriteRequest(sector * DiskModel.SECTOR_BYTES, new ByteBuffer[] {content}, false, done));
            }
            done.get();
        }
    }

    private static Void overwriteUntil(AtomicBoolean stop, VhdxImage image, AtomicLong stamps) throws IOException {
        long sector = 0;
        while (!stop.get()) {
            sector = (sector + 1237) % (BLOCK_COUNT * SECTORS_PER_BLOCK - 8);
            ByteBuffer content = DiskModel.content(sector, 8, stamps.incrementAndGet());
            image.tryWrite(sector * DiskModel.SECTOR_BYTES, new ByteBuffer[] {content});
        }
        return null;
    }

    private static Void readUntil(
            AtomicBoolean stop, VhdxImage image, AtomicLong reads, RandomGenerator random, long seed)
            throws IOException {
        ByteBuffer dst = ByteBuffer.allocateDirect(READ_SECTORS * DiskModel.SECTOR_BYTES);
        long position = seed;
        while (!stop.get()) {
            position += random.nextInt(1, 5000);
            long sector = Math.floorMod(position, BLOCK_COUNT * SECTORS_PER_BLOCK - READ_SECTORS);
            dst.clear();
            if (!image.tryRead(sector * DiskModel.SECTOR_BYTES, dst)) {
                image.read(sector * DiskModel.SECTOR_BYTES, dst);
            }
            for (int i = 0; i < READ_SECTORS; i++) {
                ByteBuffer content = dst.slice(i * DiskModel.SECTOR_BYTES, DiskModel.SECTOR_BYTES);
                assertThat(DiskModel.belongsTo(sector + i, content))
                        .as("content of sector %d", sector + i)
                        .isTrue();
            }
            reads.incrementAndGet();
        }
        return null;
    }
}
