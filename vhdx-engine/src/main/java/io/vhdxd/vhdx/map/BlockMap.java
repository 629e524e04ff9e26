package io.vhdxd.vhdx.map;

import io.vhdxd.vhdx.format.Geometry;
import io.vhdxd.vhdx.format.PayloadBlockState;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Where each payload block is: one {@code int} per block, in segments of {@value #SEGMENT_BLOCKS} that exist only where
 * some block was ever anything but {@link PayloadBlockState#NOT_PRESENT}. A disk of 64 TiB in blocks of 1 MiB takes
 * 0.5 MiB while it is empty, and 256 MiB when it is full.
 *
 * <p>An entry ({@link #entry}) is a value of its own; the static methods take it apart. It holds the state's code (3
 * bits), a mark for blocks whose place cannot be trusted (1 bit), and the place in the file in MiB (28 bits, which is
 * 256 TiB).
 *
 * <p>One thread at a time may {@link #publish}; any thread may read. A reader that sees an entry also sees everything that
 * was done before it was published.
 */
public final class BlockMap {
    /** The first place that an entry cannot hold, in MiB. */
    public static final long FILE_OFFSET_LIMIT_MIB = 1L << 28;

    /** The entry of a block that was never written. */
    public static final int NOT_PRESENT = 0;

    private static final int SEGMENT_SHIFT = 10;
    private static final int SEGMENT_BLOCKS = 1 << SEGMENT_SHIFT;
    private static final int STATE_MASK = 0x7;
    private static final int DAMAGED = 0x8;
    private static final int OFFSET_SHIFT = 4;
    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(int[].class);

    /** Replaced by a longer one when the disk grows; the segments stay. */
    private volatile AtomicReferenceArray<int @Nullable []> segments;

    private volatile long blockCount;

    public BlockMap(Geometry geometry) {
        blockCount = geometry.blockCount();
        segments = new AtomicReferenceArray<>(segmentCount(blockCount));
    }

    private static int segmentCount(long blockCount) {
        return Math.toIntExact((blockCount + SEGMENT_BLOCKS - 1) >>> SEGMENT_SHIFT);
    }

    /**
     * Adds blocks behind the last one, as never written, if there are fewer. Writer only; readers may go on meanwhile.
     */
    public void grow(long newBlockCount) {
        if (newBlockCount <= blockCount) {
            return;
        }
        AtomicReferenceArray<int @Nullable []> longer = new AtomicReferenceArray<>(segmentCount(newBlockCount));
        AtomicReferenceArray<int @Nullable []> before = segments;
        for (int i = 0; i < before.length(); i++) {
            longer.setPlain(i, before.getPlain(i));
        }
        segments = longer;
        // Last: who sees the new blocks sees where their entries are.
        blockCount = newBlockCount;
    }

    public long blockCount() {
        return blockCount;
    }

    /** The block's entry as it was published last. */
    public int entry(long blockIndex) {
        int[] segment = segments.getAcquire((int) (blockIndex >>> SEGMENT_SHIFT));
        return segment == null ? NOT_PRESENT : (int) ENTRY.getAcquire(segment, (int) blockIndex & (SEGMENT_BLOCKS - 1));
    }

    /** Makes an entry visible to all readers. Writer only. */
    public void publish(long blockIndex, int entry) {
        int segmentIndex = (int) (blockIndex >>> SEGMENT_SHIFT);
        AtomicReferenceArray<int @Nullable []> all = segments;
        int[] segment = all.getPlain(segmentIndex);
        if (segment == null) {
            if (entry == NOT_PRESENT) {
                return;
            }
            segment = new int[SEGMENT_BLOCKS];
            all.setRelease(segmentIndex, segment);
        }
        ENTRY.setRelease(segment, (int) blockIndex & (SEGMENT_BLOCKS - 1), entry);
    }

    /**
     * The first block at or after this one whose entry may differ from {@link #NOT_PRESENT}, found in steps of whole
     * segments; the block count if there is none.
     */
    public long nextMapped(long blockIndex) {
        long index = blockIndex;
        long end = blockCount;
        AtomicReferenceArray<int @Nullable []> all = segments;
        while (index < end && all.getAcquire((int) (index >>> SEGMENT_SHIFT)) == null) {
            index = ((index >>> SEGMENT_SHIFT) + 1) << SEGMENT_SHIFT;
        }
        return Math.min(index, end);
    }

    /**
     * The entry of a block with this state and place.
     *
     * @param fileOffsetMib 0 if the block has no place; less than {@link #FILE_OFFSET_LIMIT_MIB}
     */
    public static int entryOf(PayloadBlockState state, long fileOffsetMib) {
        assert fileOffsetMib >= 0 && fileOffsetMib < FILE_OFFSET_LIMIT_MIB : fileOffsetMib;
        return (int) fileOffsetMib << OFFSET_SHIFT | state.code();
    }

    /** The same entry, marked as one whose place cannot be trusted: reads of the block fail. */
    public static int damaged(int entry) {
        return entry | DAMAGED;
    }

    public static boolean isDamaged(int entry) {
        return (entry & DAMAGED) != 0;
    }

    /** Whether all of the block is in the file, at {@link #fileOffsetBytes}, and may be read there. */
    public static boolean isFullyPresent(int entry) {
        return (entry & (STATE_MASK | DAMAGED)) == PayloadBlockState.FULLY_PRESENT.code();
    }

    /** Whether some sectors of the block are in the file, as its sector bitmap says, and may be read there. */
    public static boolean isPartiallyPresent(int entry) {
        return (entry & (STATE_MASK | DAMAGED)) == PayloadBlockState.PARTIALLY_PRESENT.code();
    }

    /** Whether the block has space in the file that holds some of its content, or all of it. */
    public static boolean isPresent(int entry) {
        return isFullyPresent(entry) || isPartiallyPresent(entry);
    }

    public static PayloadBlockState state(int entry) {
        PayloadBlockState state = PayloadBlockState.ofCode(entry & STATE_MASK);
        assert state != null : entry;
        return state;
    }

    public static long fileOffsetMib(int entry) {
        return (entry & 0xFFFF_FFFFL) >>> OFFSET_SHIFT;
    }

    public static long fileOffsetBytes(int entry) {
        return fileOffsetMib(entry) * Geometry.MIB;
    }
}
