package io.vhdxd.vhdx.proof;

import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;

/** Families about file space: given back, used again, grown, and whose content nobody knows. */
final class SpaceFamilies {
    private SpaceFamilies() {}

    static List<Family> all() {
        return List.of(
                new Family(
                        "trim and write again",
                        "trimmed blocks, and their space for other blocks",
                        Shape::small,
                        SpaceFamilies::trimAndReuse),
                new Family(
                        "trim in one batch",
                        "blocks that are written, trimmed and written in one batch",
                        Shape::small,
                        SpaceFamilies::oneBatch),
                new Family(
                        "slow reads",
                        "reads that have looked up a block before it is trimmed and its space used again",
                        Shape::small,
                        SpaceFamilies::slowReads),
                new Family(
                        "write zeroes",
                        "of whole blocks and parts, with NO_HOLE and without",
                        Shape::small,
                        SpaceFamilies::writeZeroes),
                new Family("trim of parts", "holes in blocks that stay", Shape::small, SpaceFamilies::trimParts),
                new Family(
                        "growth",
                        "more blocks than one step of growth holds",
                        () -> Shape.manyBlocks(200),
                        SpaceFamilies::growth),
                new Family(
                        "leftovers of a crash",
                        "sessions on what a crash has left, over content that no block owns",
                        Shape::small,
                        SpaceFamilies::leftovers));
    }

    private static void trimAndReuse(DrivenImage disk, RandomGenerator random) {
        fill(disk, 8);
        for (int i = 0; i < 5; i++) {
            int trimmed = random.nextInt(8);
            disk.trimBlock(trimmed);
            disk.rest();
            switch (random.nextInt(3)) {
                case 0 -> disk.flushAndSettle();
                case 1 -> {
                    disk.passTime();
                    disk.settle();
                }
                default -> {}
            }
            int other = random.nextInt(8);
            disk.trimBlock(other);
            disk.write(disk.shape().sector(random.nextBoolean() ? trimmed : other, random.nextInt(16)), 2);
            disk.rest();
            disk.round();
            disk.write(disk.shape().sector(random.nextInt(8), random.nextInt(16)), 2);
            disk.rest();
        }
        disk.flushAndSettle();
    }

    /** Every followed sector of the first blocks has content, so that none that is reused can pass for empty. */
    private static void fill(DrivenImage disk, int blocks) {
        disk.watch(false);
        for (int block = 0; block < blocks; block++) {
            disk.write(disk.shape().sector(block, 0), Shape.FRONT_SECTORS);
        }
        disk.flushAndSettle();
        disk.watch(true);
    }

    private static void oneBatch(DrivenImage disk, RandomGenerator random) {
        for (int i = 0; i < 5; i++) {
            int block = random.nextInt(7);
            disk.write(disk.shape().sector(block, 0), Shape.FRONT_SECTORS);
            disk.trimBlock(block);
            disk.write(disk.shape().sector(random.nextInt(7), 20), 2);
            disk.write(disk.shape().sector(random.nextInt(7), 2), 2);
            if (random.nextBoolean()) {
                disk.trimBlock(random.nextInt(7));
            }
            disk.rest();
            if (random.nextBoolean()) {
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
    }

    private static void slowReads(DrivenImage disk, RandomGenerator random) throws IOException {
        fill(disk, 8);
        for (int i = 0; i < 4; i++) {
            int block = random.nextInt(8);
            SlowRead read = disk.beginSlowRead(block);
            disk.trimBlock(block);
            disk.flushAndSettle();
            disk.passTime();
            disk.settle();
            for (int other = 0; other < 8; other++) {
                disk.trimBlock(other);
                disk.rest();
                disk.write(disk.shape().sector(other, 0), Shape.FRONT_SECTORS);
                disk.rest();
                disk.round();
            }
            disk.flush();
            disk.rest();
            disk.round();
            disk.rest();
            read.end();
            disk.settle();
        }
    }

    private static void writeZeroes(DrivenImage disk, RandomGenerator random) {
        fill(disk, 4);
        for (int i = 0; i < 8; i++) {
            int block = random.nextInt(7);
            boolean whole = random.nextBoolean();
            long first = disk.shape().sector(block, whole ? 0 : random.nextInt(12));
            long count = switch (random.nextInt(3)) {
                case 0 -> random.nextInt(1, 12);
                // More than is zeroed by writing.
                case 1 -> 200;
                default -> disk.shape().blockSectors();
            };
            disk.zero(first, Math.min(count, disk.shape().virtualSectors() - first), random.nextBoolean(), i % 3 == 0);
            disk.rest();
            if (random.nextBoolean()) {
                disk.write(disk.shape().sector(random.nextInt(7), random.nextInt(16)), 2);
                disk.settle();
            }
        }
        disk.flushAndSettle();
    }

    private static void trimParts(DrivenImage disk, RandomGenerator random) {
        fill(disk, 4);
        for (int i = 0; i < 6; i++) {
            long first = disk.shape().sector(random.nextInt(3), random.nextInt(20));
            disk.trim(first, random.nextInt(1, disk.shape().blockSectors() * 2), random.nextInt(3) == 0);
            disk.rest();
            if (random.nextBoolean()) {
                disk.write(disk.shape().sector(random.nextInt(4), random.nextInt(16)), 2);
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
    }

    private static void growth(DrivenImage disk, RandomGenerator random) {
        for (int block = 0; block < 180; block++) {
            disk.watch(block % 60 < 2 || block > 177);
            disk.write(disk.shape().sector(block, 0), 1);
            disk.rest();
            if (random.nextInt(12) == 0) {
                disk.round();
            }
        }
        disk.flushAndSettle();
    }

    private static void leftovers(DrivenImage disk, RandomGenerator random) throws IOException {
        fill(disk, 2);
        for (int session = 0; session < 3; session++) {
            for (int i = 0; i < 5; i++) {
                disk.write(disk.shape().sector(random.nextInt(7), 0), Shape.FRONT_SECTORS);
                if (random.nextBoolean()) {
                    disk.trimBlock(random.nextInt(7));
                }
                disk.rest();
                if (random.nextInt(3) == 0) {
                    disk.settle();
                }
            }
            disk.crashAndReopen(storage -> storage.crash(random));
        }
        for (int block = 0; block < 7; block++) {
            disk.write(disk.shape().sector(block, 20), 1);
            disk.rest();
        }
        disk.flushAndSettle();
    }
}
