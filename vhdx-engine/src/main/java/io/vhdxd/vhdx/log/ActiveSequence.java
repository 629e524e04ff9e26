package io.vhdxd.vhdx.log;

import java.util.List;

/**
 * The entries that have to be replayed, from the tail to the head ([MS-VHDX] 2.3.2).
 *
 * @param logOffsetBytes where the log stands in the file
 * @param logLengthBytes the length of the ring
 * @param entries at least one; in the order of their sequence numbers
 * @param strays the other valid entries of the ring: from before the tail, and from behind entries that a crash has lost
 */
public record ActiveSequence(long logOffsetBytes, long logLengthBytes, List<LogEntry> entries, List<LogEntry> strays) {
    public ActiveSequence {
        entries = List.copyOf(entries);
        strays = List.copyOf(strays);
    }

    /** The newest entry, whose file sizes count for the whole sequence. */
    public LogEntry head() {
        return entries.getLast();
    }
}
