package io.vhdxd.vhdx.write;

import java.util.Arrays;

/**
 * The block map entries that the running batch will publish once they are in the log; until then only the writer knows
 * them. A hash table of fixed size that a batch fills and then clears.
 */
final class StagedEntries {
    /** How many blocks one batch may change. */
    static final int CAPACITY = 2048;

    private static final int TABLE_SIZE = 2 * CAPACITY;
    private static final long FREE = -1;

    private final long[] tableBlocks = new long[TABLE_SIZE];
    private final int[] tablePositions = new int[TABLE_SIZE];
    /** The staged blocks in the order in which they were first staged. */
    private final long[] blocks = new long[CAPACITY];

    private final int[] entries = new int[CAPACITY];
    private int count;

    StagedEntries() {
        Arrays.fill(tableBlocks, FREE);
    }

    int count() {
        return count;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Blocks that can still be staged. */
    int room() {
        return CAPACITY - count;
    }

    long block(int position) {
        return blocks[position];
    }

    int entry(int position) {
        return entries[position];
    }

    /** The position of a block among the staged ones, -1 if it is not staged. */
    int find(long blockIndex) {
        int slot = slotOf(blockIndex);
        return tableBlocks[slot] == FREE ? -1 : tablePositions[slot];
    }

    /** Stages an entry, in place of an earlier one of the same block. */
    void put(long blockIndex, int entry) {
        int slot = slotOf(blockIndex);
        if (tableBlocks[slot] == FREE) {
            tableBlocks[slot] = blockIndex;
            tablePositions[slot] = count;
            blocks[count] = blockIndex;
            count++;
        }
        entries[tablePositions[slot]] = entry;
    }

    void clear() {
        for (int i = 0; i < count; i++) {
            // Every chain of the table is cleared as a whole, so no later lookup meets a gap.
            clearChain(blocks[i]);
        }
        count = 0;
    }

    private void clearChain(long blockIndex) {
        int slot = home(blockIndex);
        while (tableBlocks[slot] != FREE) {
            tableBlocks[slot] = FREE;
            slot = (slot + 1) & (TABLE_SIZE - 1);
        }
    }

    private int slotOf(long blockIndex) {
        int slot = home(blockIndex);
        while (tableBlocks[slot] != FREE && tableBlocks[slot] != blockIndex) {
            slot = (slot + 1) & (TABLE_SIZE - 1);
        }
        return slot;
    }

    private static int home(long blockIndex) {
        long mixed = blockIndex * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 40) & (TABLE_SIZE - 1);
    }
}
