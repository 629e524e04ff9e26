package io.vhdxd.vhdx.log;

import io.vhdxd.vhdx.format.LogEntryHeader;

/**
 * An entry and its place in the ring.
 *
 * @param ringOffsetBytes from the start of the log; the entry may run over the end of the ring to its start
 */
public record LogEntry(long ringOffsetBytes, LogEntryHeader header) {}
