package io.vhdxd.vhdx.write;

/** Sectors of a differencing disk that are written at their place, and hidden there until the write is durable. */
final class Exposure {
    private final long blockIndex;
    private final long placeMib;
    private final long firstSector;
    private final int sectorCount;
    private final Operation operation;
    private boolean over;

    /**
     * Describes written sectors.
     *
     * @param placeMib where the block is in the file, or will be
     * @param firstSector counted from the beginning of the disk
     * @param sectorCount all of them in the block
     * @param operation is not complete before this is over
     */
    Exposure(long blockIndex, long placeMib, long firstSector, int sectorCount, Operation operation) {
        this.blockIndex = blockIndex;
        this.placeMib = placeMib;
        this.firstSector = firstSector;
        this.sectorCount = sectorCount;
        this.operation = operation;
    }

    long blockIndex() {
        return blockIndex;
    }

    long placeMib() {
        return placeMib;
    }

    long firstSector() {
        return firstSector;
    }

    int sectorCount() {
        return sectorCount;
    }

    Operation operation() {
        return operation;
    }

    boolean holds(long sector) {
        return sector >= firstSector && sector - firstSector < sectorCount;
    }

    /** Whether the sectors are shown, or will never be. */
    boolean isOver() {
        return over;
    }

    void end() {
        over = true;
    }
}
