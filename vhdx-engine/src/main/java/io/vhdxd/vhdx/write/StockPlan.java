package io.vhdxd.vhdx.write;

import java.util.List;

/**
 * What a round should do so that the allocator has space to hand out.
 *
 * @param punches free space of unknown content, to be made zero
 * @param fileEndMib the size that the file should have; the size that it has, if it need not grow
 */
record StockPlan(List<Run> punches, long fileEndMib) {}
