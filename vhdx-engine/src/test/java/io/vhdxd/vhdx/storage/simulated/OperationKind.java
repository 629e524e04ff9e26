package io.vhdxd.vhdx.storage.simulated;

/** The methods of a storage that a test can watch or let fail. */
public enum OperationKind {
    READ,
    READ_CACHED,
    WRITE,
    SYNC,
    SIZE,
    SET_SIZE,
    PUNCH,
    ZERO,
    RESERVE,
    NEXT_DATA
}
