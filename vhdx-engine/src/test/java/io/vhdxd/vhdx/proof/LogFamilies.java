package io.vhdxd.vhdx.proof;

import java.util.List;
import java.util.random.RandomGenerator;

/** Families about the log: full, come round, and with entries of all lengths. */
final class LogFamilies {
    private LogFamilies() {}

    static List<Family> all() {
        return List.of(
                new Family(
                        "log comes round",
                        "entries until the ring is used from its beginning again, with rounds running late",
                        () -> Shape.manyPages(4),
                        LogFamilies::comesRound),
                new Family(
                        "log full",
                        "entries until no more fit in, without a flush",
                        () -> Shape.manyPages(4),
                        LogFamilies::full),
                new Family(
                        "longest entries",
                        "changes of more pages of the BAT than an entry holds",
                        () -> Shape.manyPages(20),
                        LogFamilies::longest),
                new Family(
                        "entries lost in any selection",
                        "many short entries, flushed and not, over few pages",
                        () -> Shape.manyPages(10),
                        LogFamilies::manyShort),
                new Family(
                        "log in motion",
                        "entries that are written while the syncs of rounds are running, through many areas of the ring",
                        () -> Shape.manyPages(4),
                        LogFamilies::inMotion),
                new Family(
                        "torn entries",
                        "entries that change a page of the BAT in all of its sectors",
                        Shape::acrossPage,
                        LogFamilies::manyShort),
                new Family(
                        "second chunk",
                        "blocks on both sides of a sector bitmap's entry",
                        Shape::secondChunk,
                        LogFamilies::manyShort));
    }

    private static void comesRound(DrivenImage disk, RandomGenerator random) {
        disk.watch(false);
        int entries = 130 + random.nextInt(20);
        for (int i = 0; i < entries; i++) {
            toggle(disk, random, i);
            disk.rest();
            if (random.nextInt(3) == 0) {
                disk.flush();
                disk.rest();
                disk.round();
            }
        }
        disk.watch(true);
        disk.flushAndSettle();
    }

    private static void inMotion(DrivenImage disk, RandomGenerator random) {
        disk.watch(false);
        int entries = 150 + random.nextInt(40);
        for (int i = 0; i < entries; i++) {
            toggle(disk, random, i);
            disk.rest();
            if (random.nextInt(3) == 0) {
                disk.flush();
                disk.rest();
                int during = i + 1;
                disk.duringNextSync(() -> {
                    for (int n = random.nextInt(8); n >= 0; n--) {
                        toggle(disk, random, during);
                        disk.rest();
                    }
                });
                disk.round();
            }
        }
        disk.watch(true);
        disk.flushAndSettle();
    }

    private static void full(DrivenImage disk, RandomGenerator random) {
        disk.watch(false);
        int entries = 100 + random.nextInt(40);
        for (int i = 0; i < entries; i++) {
            disk.watch(i % 24 == 0 || i > entries - 4);
            toggle(disk, random, i);
            disk.step();
            if (random.nextInt(40) == 0) {
                disk.round();
            }
        }
        disk.watch(true);
        disk.settle();
        disk.flushAndSettle();
    }

    /** Changes the entry of one block, so that a log entry is needed. */
    private static void toggle(DrivenImage disk, RandomGenerator random, int i) {
        int block = random.nextInt(disk.shape().blockCount());
        if (i % 3 == 2) {
            disk.trimBlock(block);
        } else {
            disk.write(disk.shape().sector(block, random.nextInt(16)), 1);
        }
    }

    private static void longest(DrivenImage disk, RandomGenerator random) {
        for (int turn = 0; turn < 3; turn++) {
            for (int block = 0; block < disk.shape().blockCount(); block++) {
                if (random.nextInt(4) != 0) {
                    disk.write(disk.shape().sector(block, turn), 1);
                } else {
                    disk.trimBlock(block);
                }
            }
            disk.rest();
            if (random.nextBoolean()) {
                disk.round();
                disk.rest();
            } else {
                disk.flushAndSettle();
            }
        }
        disk.flushAndSettle();
    }

    private static void manyShort(DrivenImage disk, RandomGenerator random) {
        for (int i = 0; i < 14; i++) {
            toggle(disk, random, i);
            disk.rest();
            switch (random.nextInt(5)) {
                case 0 -> {
                    disk.flush();
                    disk.rest();
                }
                case 1 -> disk.round();
                case 2 -> disk.settle();
                default -> {}
            }
        }
        disk.flushAndSettle();
    }
}
