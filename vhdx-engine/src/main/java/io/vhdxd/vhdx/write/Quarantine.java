package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.map.AccessGate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Keeps the space of unmapped blocks until it can be given to another block. That is so when the log entry that
 * unmaps the block is durable (else a crash would show the other block's data in this one) and when no read or
 * overwrite that found the block at this place is still running.
 */
final class Quarantine {
    private record Retired(Run run, long logSequenceNumber) {}

    private final AccessGate gate;
    /** Waiting for their log entry to be durable, oldest first. */
    private final ArrayDeque<Retired> notDurable = new ArrayDeque<>();
    /** Waiting for the next grace period. */
    private List<Run> visible = new ArrayList<>();
    /** Waiting for the grace period that is running. */
    private List<Run> inGrace = new ArrayList<>();
    /** Free of everybody, to be made zero. */
    private List<Run> free = new ArrayList<>();

    Quarantine(AccessGate gate) {
        this.gate = gate;
    }

    /**
     * Takes in the space of a block whose unmapping has been published.
     *
     * @param logSequenceNumber of the entry that unmaps it
     */
    void retire(Run run, long logSequenceNumber) {
        notDurable.addLast(new Retired(run, logSequenceNumber));
    }

    /** Takes in space that no block was ever mapped to, but that does not read as zeros any more. */
    void retireUnseen(Run run) {
        free.add(run);
    }

    /** Moves on what can move on. To be called again and again while anything is waiting. */
    void advance(long durableLogSequenceNumber) {
        Retired first = notDurable.peekFirst();
        while (first != null && first.logSequenceNumber() <= durableLogSequenceNumber) {
            visible.add(first.run());
            notDurable.removeFirst();
            first = notDurable.peekFirst();
        }
        if (gate.isGraceOver()) {
            free.addAll(inGrace);
            inGrace.clear();
            if (!visible.isEmpty() && gate.tryBeginGrace()) {
                List<Run> empty = inGrace;
                inGrace = visible;
                visible = empty;
            }
        }
    }

    /** Whether some space waits for a sync. */
    boolean awaitsSync() {
        return !notDurable.isEmpty();
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
