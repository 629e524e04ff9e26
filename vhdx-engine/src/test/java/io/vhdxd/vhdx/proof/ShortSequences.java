package io.vhdxd.vhdx.proof;

import java.io.IOException;

/**
 * All sequences of up to three requests, on an image whose first blocks hold data, are trimmed, and were never written. The
 * last request is followed by a flush.
 */
final class ShortSequences {
    /** How the requests come. */
    enum Pace {
        /** Each is carried out, and made durable if anybody waits for that, before the next one comes. */
        ONE_BY_ONE,
        /** All come at once. */
        TOGETHER
    }

    private ShortSequences() {}

    /** How many sequences have this length. */
    static int count(int length) {
        return (int) Math.pow(Operations.COUNT, length);
    }

    /**
     * Carries out one of the sequences.
     *
     * @param number from 0 to {@link #count} - 1
     */
    static void run(DrivenImage disk, int length, int number, Pace pace) throws IOException {
        disk.watch(false);
        disk.write(disk.shape().sector(1, 0), Shape.FRONT_SECTORS);
        disk.write(disk.shape().sector(2, 0), Shape.FRONT_SECTORS);
        disk.flushAndSettle();
        disk.trimBlock(2);
        disk.flushAndSettle();
        int rest = number;
        for (int i = 0; i < length; i++) {
            int operation = rest % Operations.COUNT;
            rest /= Operations.COUNT;
            // What can be seen before that is seen in the shorter sequences.
            disk.watch(i == length - 1);
            // Block 0 was never written, 1 holds data, 2 was trimmed.
            int block = (number + i) % 3;
            Operations.numbered(operation / Operations.PLACE_COUNT)
                    .apply(disk, block, operation % Operations.PLACE_COUNT);
            if (pace == Pace.ONE_BY_ONE) {
                disk.rest();
                disk.round();
                disk.rest();
            }
        }
        disk.flushAndSettle();
    }

    static String name(int length, int number, Pace pace) {
        StringBuilder name = new StringBuilder(pace.toString());
        int rest = number;
        for (int i = 0; i < length; i++) {
            int operation = rest % Operations.COUNT;
            rest /= Operations.COUNT;
            name.append(' ')
                    .append(Operations.numbered(operation / Operations.PLACE_COUNT))
                    .append('@')
                    .append(operation % Operations.PLACE_COUNT);
        }
        return name.toString();
    }
}
