package io.vhdxd.vhdx.write;

/**
 * The arithmetic of the log's ring, in sectors of 4 KiB: where the next entry goes, and how much room there is between the
 * head and the oldest entry that is still needed. One sector always stays free, so that a full ring differs from an
 * empty one.
 */
final class RingSpace {
    private final int sectorCount;
    private int head;
    private int usedSectors;

    /** @param sectorCount the ring's length; at least 2 */
    RingSpace(int sectorCount) {
        this.sectorCount = sectorCount;
    }

    int sectorCount() {
        return sectorCount;
    }

    int usedSectors() {
        return usedSectors;
    }

    int freeSectors() {
        return sectorCount - 1 - usedSectors;
    }

    /** The sector in which the next entry begins. */
    int head() {
        return head;
    }

    /** Takes room for an entry at the head. */
    void advanceHead(int sectors) {
        assert sectors > 0 && sectors <= freeSectors() : sectors;
        head = (head + sectors) % sectorCount;
        usedSectors += sectors;
    }

    /** Gives back the room of the oldest entry. */
    void advanceTail(int sectors) {
        assert sectors > 0 && sectors <= usedSectors : sectors;
        usedSectors -= sectors;
    }
}
