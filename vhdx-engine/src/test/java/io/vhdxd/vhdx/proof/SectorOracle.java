package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.testing.DiskModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;

/**
 * What every followed sector of a disk may hold at one moment: what was last flushed, what was written after that, zeros
 * where nothing was ever written, and nothing else.
 */
final class SectorOracle {
    /** Fills a buffer with the disk's content from an offset on; leaves zeros where there is no disk. */
    @FunctionalInterface
    interface Reader {
        void read(long offsetBytes, ByteBuffer dst) throws IOException;
    }

    /** Consecutive sectors. */
    static final class Run {
        private final long firstSector;
        /** For each of the sectors, the stamps that it may hold. */
        private final long[][] allowed;

        private Run(long firstSector, long[][] allowed) {
            this.firstSector = firstSector;
            this.allowed = allowed;
        }

        long offsetBytes() {
            return firstSector * DiskModel.SECTOR_BYTES;
        }

        int lengthBytes() {
            return allowed.length * DiskModel.SECTOR_BYTES;
        }
    }

    private static final int RUN_SECTORS_MAX = 64;

    private final List<Run> runs;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(RUN_SECTORS_MAX * DiskModel.SECTOR_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private SectorOracle(List<Run> runs) {
        this.runs = runs;
    }

    /** Takes down what is allowed at this moment. */
    static SectorOracle of(Shape shape, LongFunction<Set<Long>> allowed) {
        List<Run> runs = new ArrayList<>();
        for (int n = 0; n < shape.blockCount(); n++) {
            long first = shape.block(n) * shape.blockSectors();
            addRun(runs, shape, first, Shape.FRONT_SECTORS, allowed);
            addRun(runs, shape, first + shape.blockSectors() - Shape.BACK_SECTORS, Shape.BACK_SECTORS, allowed);
        }
        return new SectorOracle(runs);
    }

    private static void addRun(
            List<Run> runs, Shape shape, long first, int count, LongFunction<Set<Long>> allowedStamps) {
        int length = Math.clamp(shape.largestSectors() - first, 0, count);
        if (length > 0) {
            long[][] allowed = new long[length][];
            Arrays.setAll(
                    allowed,
                    i -> allowedStamps.apply(first + i).stream()
                            .mapToLong(Long::longValue)
                            .toArray());
            runs.add(new Run(first, allowed));
        }
    }

    List<Run> runs() {
        return runs;
    }

    /**
     * Compares a disk with what is allowed.
     *
     * @return the greatest stamp that was found
     */
    long check(Reader disk) throws IOException {
        long greatest = 0;
        for (Run run : runs) {
            Arrays.fill(buffer.array(), (byte) 0);
            buffer.clear().limit(run.lengthBytes());
            disk.read(run.offsetBytes(), buffer);
            greatest = Math.max(greatest, check(run, buffer.clear()));
        }
        return greatest;
    }

    /** Compares one run with its content, which begins at position 0. */
    static long check(Run run, ByteBuffer content) {
        long greatest = 0;
        for (int i = 0; i < run.allowed.length; i++) {
            long sector = run.firstSector + i;
            long stamp = stamp(sector, content, i * DiskModel.SECTOR_BYTES);
            if (!contains(run.allowed[i], stamp)) {
                throw new Violation("sector " + sector + " holds "
                        + (stamp < 0 ? "what was never written to it" : "stamp " + stamp) + ", expected one of "
                        + Arrays.toString(run.allowed[i]));
            }
            greatest = Math.max(greatest, stamp);
        }
        return greatest;
    }

    private static boolean contains(long[] allowed, long stamp) {
        for (long one : allowed) {
            if (one == stamp) {
                return true;
            }
        }
        return false;
    }

    /** As {@link DiskModel#stampOf}, without making the content anew: this is done a billion times. */
    private static long stamp(long sector, ByteBuffer content, int at) {
        long stamp = content.getLong(at + Long.BYTES);
        long number = stamp == 0 ? 0 : sector;
        for (int i = at; i < at + DiskModel.SECTOR_BYTES; i += 2 * Long.BYTES) {
            if (content.getLong(i) != number || content.getLong(i + Long.BYTES) != stamp) {
                return -1;
            }
        }
        return stamp;
    }
}
