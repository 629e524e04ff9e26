package io.vhdxd.vhdx.proof;

/**
 * How many of the crashes at one moment are tried. What is regular and too much is taken by chance.
 *
 * @param exhaustiveUpTo with so many changes that a crash may lose, all selections of them are tried
 * @param regularSelections with more of them: at most so many of all prefixes, all that leave one out, and all of one
 * @param randomSelections and so many random ones
 * @param metadataTears at most so many of all the sectors after which a change of metadata can be torn
 * @param payloadTears how often a change of payload is torn
 * @param recoveriesMax for so many states in a run whose log has to be replayed, all moments of their recovery are tried
 * @param recoveryEvery how many states lie between those
 * @param recoveryMomentsMax at most so many moments of a recovery
 * @param statesInFull when a run has given so many states, its moments are looked at the less often the more states there are
 */
record Thoroughness(
        int exhaustiveUpTo,
        int regularSelections,
        int randomSelections,
        int metadataTears,
        int payloadTears,
        int recoveriesMax,
        int recoveryEvery,
        int recoveryMomentsMax,
        long statesInFull) {
    /** For as many kinds of workloads as can be in little time. */
    static final Thoroughness BRIEF = new Thoroughness(3, 6, 2, 3, 1, 1, 60, 8, 150);

    static final Thoroughness QUICK = new Thoroughness(3, 8, 2, 4, 2, 2, 80, Integer.MAX_VALUE, Long.MAX_VALUE);
    static final Thoroughness DEEP = new Thoroughness(10, 400, 256, 256, 16, 8, 200, Integer.MAX_VALUE, Long.MAX_VALUE);
    /** For workloads of which there are very many. */
    static final Thoroughness LIGHT = new Thoroughness(2, 2, 1, 2, 1, 0, Integer.MAX_VALUE, 0, Long.MAX_VALUE);
    /** For crashes during recovery. */
    static final Thoroughness RECOVERY = new Thoroughness(3, 6, 1, 3, 1, 0, Integer.MAX_VALUE, 0, Long.MAX_VALUE);
}
