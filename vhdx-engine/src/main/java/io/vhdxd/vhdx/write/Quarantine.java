package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.map.AccessGate;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the space of unmapped blocks until no read or overwrite that found a block there is running any more.
 *
 * <p>What leaves the quarantine is punched by a round. Its sync makes the hole durable together with the log entry that
 * unmaps the block, and then the space can be given to another block. Which of the two a crash lets survive alone does not
 * matter: the block was unmapped because it is to read as zeros, and it does so in either case.
 */
final class Quarantine {
    private final AccessGate gate;
    /** Waiting for the next grace period. */
    private List<Run> visible = new ArrayList<>();
    /** Waiting for the grace period that is running. */
    private List<Run> inGrace = new ArrayList<>();
    /** Free of everybody, to be made zero. */
    private List<Run> free = new ArrayList<>();

    Quarantine(AccessGate gate) {
        this.gate = gate;
    }

    /** Takes in the space of a block whose unmapping is in the log and published. */
    void retire(Run run) {
        visible.add(run);
    }

    /** Takes in space that no block was ever mapped to, but that does not read as zeros any more. */
    void retireUnseen(Run run) {
        free.add(run);
    }

    /** Moves on what can move on. To be called again and again while {@link #awaitsGrace}. */
    void advance() {
        if (!gate.isGraceOver()) {
            return;
        }
        free.addAll(inGrace);
        inGrace.clear();
        if (!visible.isEmpty() && gate.tryBeginGrace()) {
            List<Run> empty = inGrace;
            inGrace = visible;
            visible = empty;
        }
    }

    /** Whether some space waits for accesses to end. */
    boolean awaitsGrace() {
        return !visible.isEmpty() || !inGrace.isEmpty();
    }

    boolean hasFree() {
        return !free.isEmpty();
    }

    /** Hands over what is free of everybody, at most so many runs. */
    List<Run> takeFree(int runCountMax) {
        if (free.size() <= runCountMax) {
            List<Run> taken = free;
            free = new ArrayList<>();
            return taken;
        }
        List<Run> tail = free.subList(free.size() - runCountMax, free.size());
        List<Run> taken = new ArrayList<>(tail);
        tail.clear();
        return taken;
    }
}
