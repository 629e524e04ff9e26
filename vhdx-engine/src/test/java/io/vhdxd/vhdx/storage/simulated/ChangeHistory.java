package io.vhdxd.vhdx.storage.simulated;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** What the disk holds for certain, and the changes since, as far as their order still matters. */
final class ChangeHistory {
    private enum State {
        /** No sync has covered the change. */
        VOLATILE,
        /** A sync that covered it has failed. */
        IN_DOUBT,
        DURABLE
    }

    private static final class Entry {
        final Operation.Change change;
        State state = State.VOLATILE;

        Entry(Operation.Change change) {
            this.change = change;
        }
    }

    private final FileImage base;

    /** In order; the first is not durable, but ones behind it may be. */
    private final List<Entry> entries = new ArrayList<>();

    ChangeHistory(FileImage base) {
        this.base = base;
    }

    void add(Operation.Change change) {
        entries.add(new Entry(change));
    }

    void finishSync(Operation.Sync sync) {
        for (Entry entry : entries) {
            if (entry.state == State.VOLATILE && entry.change.sequence() <= sync.covered()) {
                entry.state = sync.succeeded() ? State.DURABLE : State.IN_DOUBT;
            }
        }
        int settled = 0;
        while (settled < entries.size() && entries.get(settled).state == State.DURABLE) {
            base.apply(entries.get(settled).change);
            settled++;
        }
        entries.subList(0, settled).clear();
    }

    List<Operation.Change> undurable() {
        return entries.stream()
                .filter(entry -> entry.state != State.DURABLE)
                .map(entry -> entry.change)
                .toList();
    }

    FileImage afterCrash(Function<Operation.Change, Fate> fates) {
        FileImage image = base.copy();
        for (Entry entry : entries) {
            if (entry.state == State.DURABLE) {
                image.apply(entry.change);
            } else {
                image.applyRemains(entry.change, fates.apply(entry.change));
            }
        }
        image.dropBeyondSize();
        return image;
    }
}
