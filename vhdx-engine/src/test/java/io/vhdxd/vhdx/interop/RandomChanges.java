package io.vhdxd.vhdx.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Changes by chance. They gather around the borders of a few blocks, so that they meet, cross and share pages of the BAT; some
 * of these blocks lie on both sides of the border of a chunk, where the BAT has an entry that is no block's.
 */
final class RandomChanges {
    private static final int HOT_BLOCKS = 6;
    private static final long CHUNK_BYTES = 4L << 30;
    private static final int WRITE_MAX_BYTES = 5 << 19;

    private final RandomGenerator random;
    private final long blockSizeBytes;
    private final List<Long> hotBlocks = new ArrayList<>();

    RandomChanges(RandomGenerator random, long diskSizeBytes, long blockSizeBytes) {
        this.random = random;
        this.blockSizeBytes = blockSizeBytes;
        long last = (diskSizeBytes - 1) / blockSizeBytes;
        long chunk = CHUNK_BYTES / blockSizeBytes;
        for (int i = 0; i < HOT_BLOCKS; i++) {
            hotBlocks.add(random.nextLong(last + 1));
        }
        hotBlocks.add(last);
        if (last >= chunk) {
            hotBlocks.add(chunk - 1);
            hotBlocks.add(chunk);
        }
    }

    /** What either of the two can do. */
    Change byQemu(long diskSizeBytes) {
        return switch (random.nextInt(10)) {
            case 0 -> new Change.Flush();
            case 1 -> zeroInPart(diskSizeBytes);
            default -> write(diskSizeBytes);
        };
    }

    Change byUs(long diskSizeBytes) {
        return switch (random.nextInt(24)) {
            case 0, 1 -> new Change.Flush();
            case 2, 3, 4 -> {
                long at = offset(diskSizeBytes);
                yield new Change.Zero(at, blocks(at, diskSizeBytes), random.nextInt(4) == 0);
            }
            case 5 -> zeroInPart(diskSizeBytes);
            case 6, 7, 8, 9 -> {
                long at = offset(diskSizeBytes);
                yield new Change.Trim(at, blocks(at, diskSizeBytes));
            }
            case 10 -> {
                long at = offset(diskSizeBytes);
                yield new Change.Trim(at, length(at, diskSizeBytes));
            }
            case 11 ->
                random.nextInt(4) > 0
                        ? write(diskSizeBytes)
                        : new Change.Grow(diskSizeBytes + 512 * random.nextLong(1, blockSizeBytes / 256));
            default -> write(diskSizeBytes);
        };
    }

    private Change write(long diskSizeBytes) {
        long at = offset(diskSizeBytes);
        byte value = (byte) random.nextInt(256);
        return new Change.Write(at, length(at, diskSizeBytes), value, random.nextInt(6) == 0);
    }

    private Change zeroInPart(long diskSizeBytes) {
        long at = offset(diskSizeBytes);
        return new Change.Zero(at, length(at, diskSizeBytes), random.nextBoolean());
    }

    /** Close to a border of a block, or anywhere; aligned to nothing, to sectors or to pages. */
    private long offset(long diskSizeBytes) {
        long block = hotBlocks.get(random.nextInt(hotBlocks.size()));
        long inBlock = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> random.nextLong(1 << 16);
            case 2 -> blockSizeBytes - 1 - random.nextLong(1 << 16);
            default -> random.nextLong(blockSizeBytes);
        };
        long at = Math.min(block * blockSizeBytes + inBlock, diskSizeBytes - 1);
        return at & -alignmentBytes();
    }

    private long length(long offsetBytes, long diskSizeBytes) {
        long most = 1L << random.nextInt(9, 23);
        long length = random.nextLong(1, Math.min(most, WRITE_MAX_BYTES) + 1);
        long alignment = alignmentBytes();
        return Math.min((length + alignment - 1) & -alignment, diskSizeBytes - offsetBytes);
    }

    /** Up to a few whole blocks. */
    private long blocks(long offsetBytes, long diskSizeBytes) {
        long end = (offsetBytes / blockSizeBytes + random.nextInt(1, 4)) * blockSizeBytes;
        return Math.min(end, diskSizeBytes) - offsetBytes;
    }

    private long alignmentBytes() {
        return switch (random.nextInt(4)) {
            case 0 -> 1;
            case 1 -> 4096;
            default -> 512;
        };
    }
}
