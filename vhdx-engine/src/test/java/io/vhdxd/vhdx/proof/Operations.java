package io.vhdxd.vhdx.proof;

import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;

/** What a client can ask for, at one of three places of a block: the set from which the short sequences are made. */
enum Operations {
    WRITE_SECTOR,
    WRITE_PAGE,
    WRITE_OVER_BORDER,
    WRITE_FUA,
    OVERWRITE,
    ZERO_PART,
    ZERO_PART_NO_HOLE,
    ZERO_BLOCK,
    ZERO_BLOCK_NO_HOLE,
    TRIM_BLOCK,
    TRIM_FUA,
    FLUSH;

    /** At the beginning of a block, within it, and close before its end. */
    static final int PLACE_COUNT = 3;

    private static final List<Operations> ALL = List.of(values());

    static final int COUNT = ALL.size() * PLACE_COUNT;

    static Operations numbered(int number) {
        return ALL.get(number);
    }

    static Operations random(RandomGenerator random) {
        return ALL.get(random.nextInt(ALL.size()));
    }

    /** A block's worth of sectors, as far as the disk goes. */
    private static long blockOrRest(DrivenImage disk, long sector) {
        return Math.min(disk.shape().blockSectors(), disk.shape().virtualSectors() - sector);
    }

    void apply(DrivenImage disk, int block, RandomGenerator random) throws IOException {
        apply(disk, block, random.nextInt(PLACE_COUNT));
    }

    /** Asks for it at one of the places of the n-th block. */
    void apply(DrivenImage disk, int block, int place) throws IOException {
        int inBlock = switch (place) {
            case 0 -> 0;
            case 1 -> 3;
            default -> disk.shape().blockSectors() - 4;
        };
        long sector = disk.shape().sector(block, inBlock);
        if (sector + 12 <= disk.shape().virtualSectors()) {
            ask(disk, sector);
        }
    }

    private void ask(DrivenImage disk, long at) throws IOException {
        switch (this) {
            case WRITE_SECTOR -> disk.write(at, 1);
            case WRITE_PAGE -> disk.write(at, 8);
            case WRITE_OVER_BORDER -> disk.write(at, 12);
            case WRITE_FUA -> disk.write(at, 8, true);
            case OVERWRITE -> disk.overwrite(at, 8);
            case ZERO_PART -> disk.zero(at, 6, false, false);
            case ZERO_PART_NO_HOLE -> disk.zero(at, 6, true, false);
            case ZERO_BLOCK -> disk.zero(at, blockOrRest(disk, at), false, false);
            case ZERO_BLOCK_NO_HOLE -> disk.zero(at, blockOrRest(disk, at), true, false);
            case TRIM_BLOCK -> disk.trim(at, blockOrRest(disk, at), false);
            case TRIM_FUA -> disk.trim(at, blockOrRest(disk, at), true);
            case FLUSH -> disk.flushAndSettle();
        }
    }
}
