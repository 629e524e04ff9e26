package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.map.AccessGate;
import io.vhdxd.vhdx.map.SpaceMap;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the space of unmapped blocks until no read or overwrite that found a block there is running any more. It takes one
 * bit for each MiB of the file, however much is in it.
 *
 * <p>What leaves the quarantine is punched by a round. Its sync makes the hole durable together with the log entry that
 * unmaps the block, and then the space can be given to another block. Which of the two a crash lets survive alone does not
 * matter: the block was unmapped because it is to read as zeros, and it does so in either case.
 */
final class Quarantine {
    private final AccessGate gate;
    /** Waiting for the next grace period. */
    private SpaceMap visible = new SpaceMap();
    /** Waiting for the grace period that is running. */
    private SpaceMap inGrace = new SpaceMap();
    /** Free of everybody, to be made zero. */
    private final SpaceMap free = new SpaceMap();

    Quarantine(AccessGate gate) {
        this.gate = gate;
    }

    /** Takes in the space of a block whose unmapping is in the log and published. */
    void retire(Run run) {
        visible.claim(run.offsetMib(), run.lengthMib());
    }

    /** Takes in space that no block was ever mapped to, but that does not read as zeros any more. */
    void retireUnseen(Run run) {
        free.claim(run.offsetMib(), run.lengthMib());
    }

    /** Moves on what can move on. To be called again and again while {@link #awaitsGrace}. */
    void advance() {
        if (!gate.isGraceOver()) {
            return;
        }
        free.claimAll(inGrace);
        inGrace = new SpaceMap();
        if (!visible.isEmpty() && gate.tryBeginGrace()) {
            inGrace = visible;
            visible = new SpaceMap();
        }
    }

    /** Whether some space waits for accesses to end. */
    boolean awaitsGrace() {
        return !visible.isEmpty() || !inGrace.isEmpty();
    }

    boolean hasFree() {
        return !free.isEmpty();
    }

    /** How much is free of everybody. */
    long freeMib() {
        return free.usedMib();
    }

    /** Hands over what is free of everybody, at most so much, in as few runs as there are. */
    List<Run> takeFree(long limitMib) {
        List<Run> taken = new ArrayList<>();
        long leftMib = limitMib;
        long fromMib = free.nextUsedMib(0);
        while (fromMib >= 0 && leftMib > 0) {
            Run run = new Run(fromMib, Math.min(free.nextFreeMib(fromMib) - fromMib, leftMib));
            free.release(run.offsetMib(), run.lengthMib());
            taken.add(run);
            leftMib -= run.lengthMib();
            fromMib = free.nextUsedMib(fromMib);
        }
        return taken;
    }
}
