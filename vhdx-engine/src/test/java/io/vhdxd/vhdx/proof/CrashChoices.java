package io.vhdxd.vhdx.proof;

import io.vhdxd.vhdx.storage.simulated.Fate;
import io.vhdxd.vhdx.storage.simulated.Operation;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Chooses crashes at one moment. A selection of changes that leaves the newest one out could have been left by a crash
 * before it, and was tried there, where less was allowed: so only those with the newest one are new, until a promise makes
 * the rules stricter.
 */
final class CrashChoices {
    private final Thoroughness thoroughness;
    private final CrashChoice.MetadataRange metadata;
    private final RandomGenerator random;
    private final Consumer<CrashChoice> taker;
    private List<Operation.Change> changes = List.of();

    CrashChoices(
            Thoroughness thoroughness,
            CrashChoice.MetadataRange metadata,
            RandomGenerator random,
            Consumer<CrashChoice> taker) {
        this.thoroughness = thoroughness;
        this.metadata = metadata;
        this.random = random;
        this.taker = taker;
    }

    /** Crashes just after the last of these changes: it survives in all of them, whole or in part. */
    void afterNewest(List<Operation.Change> undurable) {
        changes = undurable;
        int others = changes.size() - 1;
        Fate[] newestKept = fates(Fate.LOST);
        newestKept[others] = Fate.KEPT;
        select(newestKept, others);
        tearNewest();
        spoilMetadata();
    }

    /** Crashes at a moment from which on more is promised than before. */
    void afterPromise(List<Operation.Change> undurable) {
        changes = undurable;
        select(fates(Fate.LOST), changes.size());
        if (!changes.isEmpty()) {
            spoilMetadata();
        }
    }

    /** Tries selections of the first {@code count} changes; the fates of the rest are given. */
    private void select(Fate[] given, int count) {
        if (count <= thoroughness.exhaustiveUpTo()) {
            for (int mask = 0; mask < 1 << count; mask++) {
                int chosen = mask;
                take("selection " + Integer.toBinaryString(mask), given, count, i -> (chosen >> i & 1) != 0);
            }
            return;
        }
        for (int number : someOf(3 * count + 1, thoroughness.regularSelections())) {
            int n = number % count;
            switch (number / count) {
                case 0 -> take("all but number " + n, given, count, i -> i != n);
                case 1 -> take("only number " + n, given, count, i -> i == n);
                case 2 -> take("the first " + n, given, count, i -> i < n);
                default -> take("all", given, count, i -> true);
            }
        }
        for (int n = 0; n < thoroughness.randomSelections(); n++) {
            long chosen = random.nextLong();
            Fate[] fates = Arrays.copyOf(given, given.length);
            for (int i = 0; i < count; i++) {
                fates[i] = n % 2 == 0
                        ? Fate.random(changes.get(i), random)
                        : (chosen >> (i % 64) & 1) != 0 ? Fate.KEPT : Fate.LOST;
            }
            taker.accept(new CrashChoice(changes, List.of(fates), 0, "a random selection"));
        }
    }

    /** The numbers from 0 to {@code count} - 1, or as many of them as are wanted. */
    private int[] someOf(int count, int wanted) {
        return count <= wanted
                ? IntStream.range(0, count).toArray()
                : random.ints(wanted, 0, count).toArray();
    }

    private interface Selection {
        boolean survives(int change);
    }

    private void take(String name, Fate[] given, int count, Selection selection) {
        Fate[] fates = Arrays.copyOf(given, given.length);
        for (int i = 0; i < count; i++) {
            fates[i] = selection.survives(i) ? Fate.KEPT : Fate.LOST;
        }
        taker.accept(new CrashChoice(changes, List.of(fates), 0, name));
    }

    private void tearNewest() {
        Operation.Change newest = changes.getLast();
        if (newest.changesSize() && newest instanceof Operation.Write) {
            takeTorn("without the new size", new Fate(piece -> true, 0));
            takeTorn("with nothing but the new size", new Fate(piece -> false, Long.MAX_VALUE));
        }
        long pieces = newest.pieceCount();
        if (pieces < 2) {
            return;
        }
        boolean everySector = newest instanceof Operation.Write write && metadata.isMetadata(write.offset());
        if (everySector) {
            for (int number : someOf((int) pieces - 1, thoroughness.metadataTears())) {
                takeTorn("torn after sector " + (number + 1), Fate.prefix(number + 1L, true));
            }
            takeTorn("torn before its last sector", Fate.suffix(pieces - 1, true));
            for (int number : someOf((int) pieces, Math.ceilDiv(thoroughness.metadataTears(), 2))) {
                takeTorn("without its sector " + number, new Fate(piece -> piece != number, Long.MAX_VALUE));
            }
        }
        for (int n = 0; n < thoroughness.payloadTears(); n++) {
            takeTorn("torn", Fate.random(newest, random));
        }
    }

    private void takeTorn(String name, Fate newest) {
        for (Fate others : List.of(Fate.KEPT, Fate.LOST)) {
            Fate[] fates = fates(others);
            fates[fates.length - 1] = newest;
            taker.accept(new CrashChoice(
                    changes,
                    List.of(fates),
                    0,
                    "newest " + name + ", others " + (others.equals(Fate.KEPT) ? "kept" : "lost")));
            if (changes.size() == 1) {
                return;
            }
        }
    }

    /** The second mode: what is lost of log, headers and BAT is garbage instead of what was there before. */
    private void spoilMetadata() {
        if (!(changes.getLast() instanceof Operation.Write write) || !metadata.isMetadata(write.offset())) {
            return;
        }
        takeSpoiled("all metadata garbage", fates(Fate.LOST));
        if (changes.size() > 1) {
            Fate[] fates = fates(Fate.KEPT);
            fates[fates.length - 1] = Fate.LOST;
            takeSpoiled("newest garbage, others kept", fates);
        }
        Fate[] torn = fates(Fate.KEPT);
        torn[torn.length - 1] = Fate.random(write, random);
        takeSpoiled("newest torn into garbage", torn);
    }

    private void takeSpoiled(String name, Fate[] fates) {
        taker.accept(new CrashChoice(changes, List.of(fates), random.nextLong() | 1, name));
    }

    private Fate[] fates(Fate all) {
        Fate[] fates = new Fate[changes.size()];
        Arrays.fill(fates, all);
        return fates;
    }
}
