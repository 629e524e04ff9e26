package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.Operation;
import io.vhdxd.vhdx.storage.simulated.SimulatedStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * One crash: what becomes of each change that may be lost.
 *
 * @param changes oldest first
 * @param fates of each of them
 * @param garbageSeed where it is not 0, metadata sectors that are lost hold garbage instead of what was there before
 */
record CrashChoice(List<Operation.Change> changes, List<Fate> fates, long garbageSeed, String name) {
    /** Tells headers, log and BAT from payload. */
    @FunctionalInterface
    interface MetadataRange {
        boolean isMetadata(long fileOffsetBytes);
    }

    /** The file that this crash leaves of a disk. */
    SimulatedStorage applyTo(SimulatedStorage disk, MetadataRange metadata) {
        SimulatedStorage state = disk.crash(this::fateOf);
        if (garbageSeed != 0) {
            state.clearHooks();
            for (int i = 0; i < fates.size(); i++) {
                if (changes.get(i) instanceof Operation.Write write && metadata.isMetadata(write.offset())) {
                    spoil(state, i, write);
                }
            }
        }
        return state;
    }

    private Fate fateOf(Operation.Change change) {
        int found = Collections.binarySearch(changes, change, Comparator.comparingLong(Operation.Change::sequence));
        if (found >= 0) {
            return fates.get(found);
        }
        throw new AssertionError("no fate for " + change);
    }

    private void spoil(SimulatedStorage state, int index, Operation.Write write) {
        RandomGenerator random = new SplittableRandom(garbageSeed + write.sequence());
        for (long piece = 0; piece < write.pieceCount(); piece++) {
            if (!fates.get(index).pieces().survives(piece) && !isWrittenLater(index, write.pieceStart(piece))) {
                byte[] garbage = new byte[(int) (write.pieceEnd(piece) - write.pieceStart(piece))];
                random.nextBytes(garbage);
                put(state, garbage, write.pieceStart(piece));
            }
        }
    }

    /** Whether a later change of a sector may have survived: then that is what the sector holds. */
    private boolean isWrittenLater(int index, long offset) {
        for (int i = index + 1; i < fates.size(); i++) {
            if (changes.get(i) instanceof Operation.RangeChange later
                    && later.offset() <= offset
                    && offset < later.end()
                    && !fates.get(i).equals(Fate.LOST)) {
                return true;
            }
        }
        return false;
    }

    private static void put(SimulatedStorage state, byte[] garbage, long offset) {
        try {
            if (offset + garbage.length <= state.size()) {
                state.write(ByteBuffer.wrap(garbage), offset);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
