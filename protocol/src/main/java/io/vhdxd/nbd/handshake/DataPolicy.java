package io.vhdxd.nbd.handshake;

/** What to do with the data of an option whose header has come. */
public enum DataPolicy {
    /** Collect it. */
    KEEP,

    /** Throw it away as it comes. */
    SKIP,

    /** Close the connection. */
    CLOSE
}
