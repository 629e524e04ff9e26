package io.vhdxd.vhdx.proof;

import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;

/** Families about data: where it is written, in what pieces, and who waits for whom. */
final class WriteFamilies {
    private WriteFamilies() {}

    static List<Family> all() {
        return List.of(
                new Family(
                        "first write", "into blocks without space, then a flush", Shape::small, WriteFamilies::first),
                new Family("overwrite", "of flushed data, past the writer", Shape::small, WriteFamilies::overwrite),
                new Family(
                        "unaligned",
                        "sectors of 512 bytes within pages of 4096",
                        Shape::small,
                        WriteFamilies::unaligned),
                new Family(
                        "straddling", "writes over the border of two blocks", Shape::small, WriteFamilies::straddling),
                new Family(
                        "many allocations",
                        "1 to 64 new blocks between two flushes",
                        () -> Shape.manyBlocks(80),
                        WriteFamilies::manyAllocations),
                new Family(
                        "two first writers",
                        "two writes into one new block, and a flush between their answers",
                        Shape::small,
                        WriteFamilies::twoFirstWriters),
                new Family(
                        "eight writers",
                        "requests of all kinds in one mailbox, FLUSH and FUA mixed",
                        Shape::small,
                        WriteFamilies::eightWriters),
                new Family(
                        "during a sync",
                        "writes, flushes and trims that come while a sync is running",
                        Shape::small,
                        WriteFamilies::duringSync),
                new Family(
                        "random walk",
                        "all requests on 24 pages of the BAT, with the writer and its rounds moving by chance",
                        () -> Shape.manyPages(24),
                        WriteFamilies::randomWalk),
                new Family("fixed disk", "all requests on a fixed disk", Shape::fixedSmall, WriteFamilies::fixed),
                new Family("large blocks", "blocks of 32 MiB", Shape::largeBlocks, WriteFamilies::eightWriters));
    }

    private static void first(DrivenImage disk, RandomGenerator random) {
        for (int block = 0; block < 4; block++) {
            disk.write(disk.shape().sector(block, random.nextInt(16)), random.nextInt(1, 9), random.nextInt(3) == 0);
            if (random.nextBoolean()) {
                disk.rest();
            }
            if (random.nextBoolean()) {
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
    }

    private static void overwrite(DrivenImage disk, RandomGenerator random) throws IOException {
        disk.watch(false);
        disk.write(disk.shape().sector(0, 0), 16);
        disk.write(disk.shape().sector(1, 0), 16);
        disk.flushAndSettle();
        disk.watch(true);
        for (int i = 0; i < 6; i++) {
            disk.overwrite(disk.shape().sector(random.nextInt(2), random.nextInt(12)), random.nextInt(1, 5));
            if (random.nextInt(3) == 0) {
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
    }

    private static void unaligned(DrivenImage disk, RandomGenerator random) {
        for (int i = 0; i < 6; i++) {
            int inBlock = random.nextBoolean() ? random.nextInt(1, 8) : random.nextInt(9, 16);
            disk.write(disk.shape().sector(random.nextInt(2), inBlock), 1);
            disk.rest();
            if (random.nextInt(3) == 0) {
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
    }

    private static void straddling(DrivenImage disk, RandomGenerator random) {
        for (int i = 0; i < 5; i++) {
            int before = random.nextInt(1, 8);
            int block = random.nextInt(5);
            disk.write(disk.shape().sector(block + 1, 0) - before, before + random.nextInt(1, 8), random.nextBoolean());
            disk.rest();
            if (random.nextInt(3) == 0) {
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
    }

    private static void manyAllocations(DrivenImage disk, RandomGenerator random) {
        int block = 0;
        while (block < disk.shape().blockCount() - 1) {
            int count = 1 << random.nextInt(7);
            for (int i = 0; i < count && block < disk.shape().blockCount(); i++) {
                disk.write(disk.shape().sector(block++, 0), 1);
                if (random.nextInt(8) == 0) {
                    disk.rest();
                }
            }
            disk.flushAndSettle();
        }
    }

    /** The order in which QEMU loses what was flushed (reliability.md fault 79). */
    private static void twoFirstWriters(DrivenImage disk, RandomGenerator random) {
        for (int block = 0; block < 4; block++) {
            disk.write(disk.shape().sector(block, 0), 4);
            if (random.nextBoolean()) {
                disk.step();
            }
            disk.write(disk.shape().sector(block, 8), 4);
            if (random.nextBoolean()) {
                disk.step();
            }
            disk.flush();
            disk.write(disk.shape().sector(block, random.nextInt(12)), 2, random.nextBoolean());
            disk.settle();
        }
    }

    private static void eightWriters(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int turn = 0; turn < 10; turn++) {
            for (int writer = random.nextInt(8); writer < 8; writer++) {
                Operations.random(random)
                        .apply(disk, random.nextInt(disk.shape().blockCount()), random);
            }
            switch (random.nextInt(4)) {
                case 0 -> disk.step();
                case 1 -> disk.rest();
                case 2 -> {
                    disk.rest();
                    disk.round();
                }
                default -> disk.settle();
            }
        }
        disk.flushAndSettle();
    }

    private static void randomWalk(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int i = 0; i < 200; i++) {
            disk.watch(i % 25 == 0 || i > 195);
            switch (random.nextInt(16)) {
                case 0, 1, 2, 3, 4 ->
                    Operations.random(random)
                            .apply(disk, random.nextInt(disk.shape().blockCount()), random);
                case 5 -> disk.flush();
                case 6 -> disk.passTime();
                case 7, 8, 9 -> disk.round();
                default -> disk.step();
            }
        }
        disk.settle();
    }

    /** What comes while a sync is running is not covered by it (promise R3). */
    private static void duringSync(DrivenImage disk, RandomGenerator random) {
        disk.write(disk.shape().sector(0, 0), 4);
        disk.write(disk.shape().sector(1, 0), 4);
        disk.write(disk.shape().sector(2, 0), 4);
        disk.flushAndSettle();
        for (int i = 0; i < 4; i++) {
            int block = random.nextInt(8);
            int other = random.nextInt(8);
            disk.write(disk.shape().sector(random.nextInt(8), 4), 2, random.nextBoolean());
            if (random.nextBoolean()) {
                disk.trimBlock(random.nextInt(8));
            }
            disk.flush();
            disk.rest();
            disk.duringNextSync(() -> {
                disk.write(disk.shape().sector(block, 8), 4);
                disk.rest();
                if (random.nextBoolean()) {
                    disk.trimBlock(other);
                    disk.rest();
                }
                disk.flush();
                disk.rest();
            });
            disk.settle();
        }
        disk.flushAndSettle();
    }

    private static void fixed(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int i = 0; i < 12; i++) {
            Operations.random(random).apply(disk, random.nextInt(8), random);
            if (random.nextBoolean()) {
                disk.settle();
            }
        }
        disk.flushAndSettle();
    }
}
