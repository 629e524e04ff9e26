package io.vhdxd.vhdx.storage.simulated;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Which operations on a {@link SimulatedStorage} fail. Thread-safe. */
public final class FaultPlan {
    /**
     * How a failing operation fails.
     *
     * @param exception makes what is thrown; null if nothing is, so that the caller has to see that too little was done
     * @param doneBytes how much of a read or write is done before it fails; a failing operation of another kind is done
     *     altogether if this is not 0
     */
    public record Fault(@Nullable Supplier<IOException> exception, long doneBytes) {
        /** The operation fails without having done anything. */
        public static Fault of(Supplier<IOException> exception) {
            return new Fault(exception, 0);
        }

        /** A read that finds the end of the file after so many bytes, wherever that really is. */
        public static Fault shortened(long doneBytes) {
            return new Fault(null, doneBytes);
        }

        /** The operation is done, and fails all the same. */
        public static Fault afterAll(Supplier<IOException> exception) {
            return new Fault(exception, Long.MAX_VALUE);
        }
    }

    private static final class Rule {
        final Set<OperationKind> kinds;
        final boolean stays;
        final Fault fault;
        long left;

        Rule(Set<OperationKind> kinds, long left, boolean stays, Fault fault) {
            this.kinds = kinds;
            this.left = left;
            this.stays = stays;
            this.fault = fault;
        }
    }

    private final List<Rule> rules = new ArrayList<>();
    private final Map<OperationKind, Long> counts = new EnumMap<>(OperationKind.class);
    private long firedCount;

    FaultPlan() {}

    /** Goes on with the counting and the rules of another plan, which is not used any more. */
    public synchronized void takeOver(FaultPlan other) {
        synchronized (other) {
            rules.addAll(other.rules);
            counts.putAll(other.counts);
            firedCount += other.firedCount;
        }
    }

    /** How many operations of these kinds there were. */
    public synchronized long count(Set<OperationKind> kinds) {
        return kinds.stream().mapToLong(kind -> counts.getOrDefault(kind, 0L)).sum();
    }

    /** Lets the {@code n}-th operation of these kinds fail, counted from 1 and from here on; those after it work. */
    public synchronized void failNth(Set<OperationKind> kinds, long n, Fault fault) {
        rules.add(new Rule(kinds, n, false, fault));
    }

    /** Lets the {@code n}-th operation of these kinds and all that follow it fail. */
    public synchronized void failFromNth(Set<OperationKind> kinds, long n, Fault fault) {
        rules.add(new Rule(kinds, n, true, fault));
    }

    /** Lets everything work. */
    public synchronized void clear() {
        rules.clear();
    }

    /** How many operations have failed by this plan. */
    public synchronized long firedCount() {
        return firedCount;
    }

    /** Counts an operation; the fault it meets, or null. */
    synchronized @Nullable Fault next(OperationKind kind) {
        counts.merge(kind, 1L, Long::sum);
        Fault fault = null;
        for (Rule rule : rules) {
            if (!rule.kinds.contains(kind)) {
                continue;
            }
            rule.left--;
            boolean fires = rule.stays ? rule.left <= 0 : rule.left == 0;
            if (fires && fault == null) {
                fault = rule.fault;
            }
        }
        if (fault != null) {
            firedCount++;
        }
        return fault;
    }
}
