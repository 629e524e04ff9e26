package io.vhdxd.vhdx.write;

import io.vhdxd.vhdx.format.LogPage;
import java.util.List;

/**
 * What a round does for the log.
 *
 * @param pages to be written to their place; all of them are durable in the log
 * @param wipeOffsetBytes where in the file zeros are to be written over entries that nobody needs
 * @param wipeLengthBytes how many; may be 0
 * @param finish to be run by the agent when all of that is durable, and everything that was written before the round
 */
record LogRound(List<LogPage> pages, long wipeOffsetBytes, int wipeLengthBytes, Runnable finish) {}
