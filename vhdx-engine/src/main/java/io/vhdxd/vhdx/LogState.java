package io.vhdxd.vhdx;

import io.vhdxd.vhdx.load.LoadedImage;
import io.vhdxd.vhdx.log.ActiveSequence;

/**
 * What the log of an image held when it was opened ([MS-VHDX] 2.3).
 *
 * @param dirty whether there was anything to replay
 * @param entryCount the entries replayed
 * @param pageCount the pages of 4 KiB that they wrote or zeroed
 * @param inMemory whether they were replayed in memory, because the image was opened for reading only
 */
public record LogState(boolean dirty, int entryCount, long pageCount, boolean inMemory) {
    public static final LogState CLEAN = new LogState(false, 0, 0, false);

    static LogState of(LoadedImage loaded, Access access) {
        ActiveSequence sequence = loaded.activeSequence();
        return sequence == null
                ? CLEAN
                : new LogState(true, sequence.entries().size(), loaded.replayedPageCount(), access == Access.READ_ONLY);
    }
}
