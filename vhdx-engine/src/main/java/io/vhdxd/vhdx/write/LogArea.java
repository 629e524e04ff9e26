package io.vhdxd.vhdx.write;

/**
 * One of the two parts of the ring that a session writes to in turn, in sectors of 4 KiB. Its last sector is never
 * written, so that no entry ever stands directly before an older one.
 */
final class LogArea {
    private final int firstSector;
    private final int sectorCount;
    /** Sectors written since the area was wiped. */
    private int usedSectors;

    LogArea(int firstSector, int sectorCount) {
        this.firstSector = firstSector;
        this.sectorCount = sectorCount;
    }

    int firstSector() {
        return firstSector;
    }

    int usedSectors() {
        return usedSectors;
    }

    /** Where in the ring the next entry goes. */
    int headSector() {
        return firstSector + usedSectors;
    }

    boolean hasRoomFor(int sectors) {
        return usedSectors + sectors < sectorCount;
    }

    boolean isEmpty() {
        return usedSectors == 0;
    }

    boolean isHalfFull() {
        return usedSectors * 2 > sectorCount;
    }

    void use(int sectors) {
        assert hasRoomFor(sectors) : sectors;
        usedSectors += sectors;
    }

    /** Takes note that zeros were written over all that was used, and are durable. */
    void wiped() {
        usedSectors = 0;
    }
}
