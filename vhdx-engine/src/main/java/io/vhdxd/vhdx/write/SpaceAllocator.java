package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.map.SpaceMap;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hands out file space for payload blocks. What it hands out reads as zeros, and does so after a loss of power as
 * well, because the hole or the growth that made it zero was synced before: so a payload and the log entry that
 * exposes it need no sync between them (promise R5).
 *
 * <p>It keeps a stock of such space ahead of the demand. {@link #plan} says what the next background round should do for
 * the stock: punch free space whose content is unknown, or else grow the file; {@link #restock} takes in what a round has
 * made durable. The steps by which the file grows double with the demand; what was not needed is cut off at the close.
 *
 * <p>In the {@link SpaceMap} a MiB is marked as used from the moment in which anything has a claim on it: a structure, a
 * block, the quarantine of unmapped blocks, or the stock. So no MiB can get into the stock twice.
 */
final class SpaceAllocator {
    static final long STEP_MIN_MIB = 64;
    static final long STEP_MAX_MIB = 4096;
    /** A step holds at least so many blocks, whatever their size. */
    private static final int STEP_MIN_BLOCKS = 4;

    private final SpaceMap space;
    private final int blockSizeMib;
    /** Handed out from the front. Every run has room for a block. */
    private final ArrayDeque<Run> stock = new ArrayDeque<>();

    private long stockMib;
    /** What is left of space that was taken for sector bitmap blocks, which take 1 MiB whatever the size of a block. */
    private long bitmapStockMib;

    private long bitmapStockEndMib;
    /** Between these two, free space of unknown content in the file as it was opened is still to be looked for. */
    private long gapCursorMib;

    private final long gapEndMib;
    private long fileEndMib;
    private long stepMib;
    private boolean stepShortened;
    private boolean shortage;

    /**
     * Makes an allocator for a file.
     *
     * @param space what of the file is used
     * @param usesGaps whether free space in the file as it was opened is made zero and used, before the file grows
     * @param fileEndMib the file's size
     */
    SpaceAllocator(SpaceMap space, int blockSizeMib, boolean usesGaps, long fileEndMib) {
        this.space = space;
        this.blockSizeMib = blockSizeMib;
        this.gapEndMib = usesGaps ? fileEndMib : 0;
        this.fileEndMib = fileEndMib;
        this.stepMib = Math.max(STEP_MIN_MIB, (long) STEP_MIN_BLOCKS * blockSizeMib);
    }

    /** The file's size, growth included as soon as it is durable. */
    long fileEndMib() {
        return fileEndMib;
    }

    /**
     * Takes note that the file has been made longer for something that is no stock.
     *
     * @return where the added space begins
     */
    long claimAtEnd(long lengthMib) {
        long offsetMib = fileEndMib;
        boolean wasFree = space.claim(offsetMib, lengthMib);
        assert wasFree : offsetMib;
        fileEndMib += lengthMib;
        return offsetMib;
    }

    boolean isEmpty() {
        return stock.isEmpty();
    }

    /** Takes space for one block: its place in the file in MiB, or -1 if the stock is used up. */
    long take() {
        Run run = stock.pollFirst();
        if (run == null) {
            shortage = true;
            return -1;
        }
        if (run.lengthMib() >= 2L * blockSizeMib) {
            stock.addFirst(new Run(run.offsetMib() + blockSizeMib, run.lengthMib() - blockSizeMib));
        }
        stockMib -= blockSizeMib;
        return run.offsetMib();
    }

    /** Takes space for a sector bitmap block: its place in the file in MiB, or -1 if the stock is used up. */
    long takeForBitmap() {
        if (bitmapStockMib == bitmapStockEndMib) {
            long offsetMib = take();
            if (offsetMib < 0) {
                return -1;
            }
            bitmapStockMib = offsetMib;
            bitmapStockEndMib = offsetMib + blockSizeMib;
        }
        return bitmapStockMib++;
    }

    /** Gives up space that {@link #takeForBitmap} gave out and that nothing names. */
    void releaseBitmap(long offsetMib) {
        space.release(offsetMib, 1);
    }

    /** Gives back a block's space that {@link #take} gave out and that nobody wrote to. */
    void putBack(long offsetMib) {
        stock.addFirst(new Run(offsetMib, blockSizeMib));
        stockMib += blockSizeMib;
    }

    /** Whether a block had to do without since the last plan. */
    boolean hasShortage() {
        return shortage;
    }

    /**
     * Whether the stock should be filled up by the next round.
     *
     * @param neededMib what the blocks that have no space could take in all
     */
    boolean isLow(long neededMib) {
        return stockMib < Math.min(neededMib, stepMib / 2);
    }

    /**
     * Plans how a round fills up the stock.
     *
     * @param neededMib what the blocks that have no space could take in all; the stock is not made larger
     * @param recycled space of blocks that were unmapped, which nobody sees any more; all of it will be punched
     * @param furtherMib how much more of such space there is for the rounds after this one
     */
    StockPlan plan(long neededMib, List<Run> recycled, long furtherMib) {
        if (shortage && !stepShortened && stepMib < STEP_MAX_MIB) {
            stepMib *= 2;
        }
        shortage = false;
        stepShortened = false;
        List<Run> punches = new ArrayList<>(recycled);
        long wantedMib = Math.min(neededMib, stepMib) - stockMib - furtherMib;
        for (Run run : recycled) {
            wantedMib -= run.lengthMib();
        }
        while (wantedMib > 0) {
            Run gap = claimGap(wantedMib);
            if (gap == null) {
                return new StockPlan(punches, fileEndMib + roundUpToBlock(wantedMib));
            }
            punches.add(gap);
            wantedMib -= gap.lengthMib();
        }
        return new StockPlan(punches, fileEndMib);
    }

    /** Takes note that the file could not grow by a whole step: the next one is as small as can be. */
    void shortenStep() {
        stepMib = blockSizeMib;
        stepShortened = true;
    }

    /** Takes in what a finished round has made zero and durable. Space within the file is handed out before its growth. */
    void restock(List<Run> punched, long newFileEndMib) {
        for (Run run : punched) {
            Run usable = wholeBlocks(run);
            if (usable != null) {
                stock.addFirst(usable);
                stockMib += usable.lengthMib();
            }
        }
        if (newFileEndMib > fileEndMib) {
            Run grown = new Run(fileEndMib, newFileEndMib - fileEndMib);
            boolean wasFree = space.claim(grown.offsetMib(), grown.lengthMib());
            assert wasFree : grown;
            Run usable = wholeBlocks(grown);
            if (usable != null) {
                stock.addLast(usable);
                stockMib += usable.lengthMib();
            }
            fileEndMib = newFileEndMib;
        }
    }

    /**
     * Gives up the stock, at the close of the image.
     *
     * @return the first MiB behind everything that is in use: where the file may be cut
     */
    long releaseStock() {
        for (Run run : stock) {
            space.release(run.offsetMib(), run.lengthMib());
        }
        stock.clear();
        stockMib = 0;
        space.release(bitmapStockMib, bitmapStockEndMib - bitmapStockMib);
        bitmapStockMib = bitmapStockEndMib;
        return space.endMib();
    }

    /** Takes a run of free space of unknown content, as long as is wanted if there is one; null if there is none. */
    private @Nullable Run claimGap(long wantedMib) {
        while (true) {
            long fromMib = space.nextFreeMib(gapCursorMib);
            if (fromMib >= gapEndMib) {
                gapCursorMib = gapEndMib;
                return null;
            }
            long nextUsedMib = space.nextUsedMib(fromMib);
            long toMib = nextUsedMib < 0 ? gapEndMib : Math.min(nextUsedMib, gapEndMib);
            if (toMib - fromMib >= blockSizeMib) {
                Run gap = new Run(fromMib, Math.min(toMib - fromMib, roundUpToBlock(wantedMib)));
                space.claim(gap.offsetMib(), gap.lengthMib());
                gapCursorMib = gap.endMib();
                return gap;
            }
            gapCursorMib = toMib;
        }
    }

    /** What of a run has room for whole blocks; the rest stays claimed, and is free again after the next opening. */
    private @Nullable Run wholeBlocks(Run run) {
        long usableMib = run.lengthMib() - run.lengthMib() % blockSizeMib;
        return usableMib == 0 ? null : new Run(run.offsetMib(), usableMib);
    }

    private long roundUpToBlock(long lengthMib) {
        return (lengthMib + blockSizeMib - 1) / blockSizeMib * blockSizeMib;
    }
}
