package io.vhdxd.vhdx.storage.simulated;

import java.util.BitSet;
import java.util.random.RandomGenerator;

/**
 * What a crash leaves of one change.
 *
 * @param pieces which pieces of the content survive
 * @param sizeLimit how far the size survives: 0 if the change of the size is lost, {@link Long#MAX_VALUE} if it is kept.
 *     A write that made the file longer may have done so in part: the file then ends at {@code sizeLimit}, if that is
 *     within the write.
 */
public record Fate(Pieces pieces, long sizeLimit) {
    /** Nothing of the change reaches the disk. */
    public static final Fate LOST = new Fate(piece -> false, 0);

    /** All of the change reaches the disk. */
    public static final Fate KEPT = new Fate(piece -> true, Long.MAX_VALUE);

    /** Chooses pieces by their number, see {@link Operation}. Must give the same answer for the same number. */
    @FunctionalInterface
    public interface Pieces {
        boolean survives(long piece);
    }

    public static Fate of(BitSet pieces, boolean sizeSurvives) {
        return new Fate(piece -> pieces.get(Math.toIntExact(piece)), sizeSurvives ? Long.MAX_VALUE : 0);
    }

    /** The first pieces of the change survive, as where the disk works in order. */
    public static Fate prefix(long pieceCount, boolean sizeSurvives) {
        return new Fate(piece -> piece < pieceCount, sizeSurvives ? Long.MAX_VALUE : 0);
    }

    /** The pieces from {@code firstPiece} on survive. */
    public static Fate suffix(long firstPiece, boolean sizeSurvives) {
        return new Fate(piece -> piece >= firstPiece, sizeSurvives ? Long.MAX_VALUE : 0);
    }

    /** Any fate that is possible; the plain ones are as likely as the torn ones. */
    public static Fate random(Operation.Change change, RandomGenerator random) {
        long sizeLimit = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> change instanceof Operation.Write write ? randomEnd(write, random) : Long.MAX_VALUE;
            default -> Long.MAX_VALUE;
        };
        long cut = random.nextLong(change.pieceCount() + 1);
        long salt = random.nextLong();
        Pieces pieces = switch (random.nextInt(6)) {
            case 0, 1 -> KEPT.pieces;
            case 2 -> LOST.pieces;
            case 3 -> piece -> piece < cut;
            case 4 -> piece -> piece >= cut;
            default -> piece -> (mix(salt + piece) & 1) == 0;
        };
        return new Fate(pieces, sizeLimit);
    }

    /** Sizes within a write change in the steps of a page. */
    private static long randomEnd(Operation.Write write, RandomGenerator random) {
        long end = random.nextLong(write.offset(), write.end() + 1);
        return end / Operation.PAGE_BYTES * Operation.PAGE_BYTES;
    }

    /** Spreads the bits of a number, so that neighbours have nothing in common (the finaliser of SplitMix64). */
    private static long mix(long number) {
        long z = number + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
