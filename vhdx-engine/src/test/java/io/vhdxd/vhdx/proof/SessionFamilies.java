package io.vhdxd.vhdx.proof;

import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;

/** Families about the beginning and the end of a session. */
final class SessionFamilies {
    private SessionFamilies() {}

    static List<Family> all() {
        return List.of(
                new Family(
                        "open and close",
                        "sessions with one change each, and their headers",
                        Shape::small,
                        SessionFamilies::openAndClose),
                new Family(
                        "close under load",
                        "the close with requests of all kinds in the mailbox",
                        Shape::small,
                        SessionFamilies::closeUnderLoad),
                new Family(
                        "crash after crash",
                        "short sessions, each ended by a loss of power",
                        Shape::small,
                        SessionFamilies::crashAfterCrash),
                new Family(
                        "killed and started again",
                        "short sessions, each ended by the death of the process, also in the midst of its close",
                        Shape::small,
                        SessionFamilies::killedAndStarted));
    }

    private static void openAndClose(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int session = 0; session < 3; session++) {
            switch (random.nextInt(4)) {
                case 0 -> disk.write(disk.shape().sector(random.nextInt(2), 0), 2);
                case 1 -> disk.zero(disk.shape().sector(random.nextInt(2), 0), 8, true, false);
                case 2 -> disk.overwrite(disk.shape().sector(random.nextInt(2), 3), 2);
                default -> disk.write(disk.shape().sector(random.nextInt(2), 0), 2, true);
            }
            if (random.nextBoolean()) {
                disk.settle();
            }
            disk.reopen();
        }
    }

    private static void closeUnderLoad(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int i = 0; i < 12; i++) {
            Operations.random(random).apply(disk, random.nextInt(8), random);
            if (random.nextInt(3) == 0) {
                disk.step();
            }
        }
        disk.close();
    }

    private static void killedAndStarted(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int session = 0; session < 4; session++) {
            disk.watch(session > 0);
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                Operations.random(random).apply(disk, random.nextInt(8), random);
                if (random.nextBoolean()) {
                    disk.rest();
                }
            }
            if (random.nextInt(3) > 0) {
                disk.settle();
            }
            disk.killAfter(random.nextInt(10));
            disk.restart();
        }
        disk.write(disk.shape().sector(0, 0), 1);
        disk.flushAndSettle();
    }

    private static void crashAfterCrash(DrivenImage disk, RandomGenerator random) throws IOException {
        for (int session = 0; session < 4; session++) {
            for (int i = 0; i < 4; i++) {
                Operations.random(random).apply(disk, random.nextInt(8), random);
                if (random.nextBoolean()) {
                    disk.rest();
                }
            }
            disk.crashAndReopen(storage -> storage.crash(random));
        }
    }
}
