package io.vhdxd.vhdx.measure;

/** Why a round of background work, which ends with a sync, was begun; the first one that holds. */
public enum RoundReason {
    /** Requests wait for their changes to be durable. */
    FLUSH,
    /** The log needs room, or has too many pages that are not in their place. */
    LOG,
    /** The image is being closed, or waits to be grown. */
    SETTLE,
    /** The stock of space for new blocks runs low. */
    SPACE,
    /** Space of trimmed blocks is given back. */
    TRIM
}
