/**
 * The writer of an open image: the only place that changes its block map, its log and its headers.
 *
 * <p>{@link io.vhdxd.vhdx.write.WriteAgent} is a duty cycle: each {@code doWork()} takes the requests that have come,
 * carries them out as one batch, and does not wait for the disk, but for the first change and the close. In order:
 *
 * <ol>
 *   <li>{@code Operation}s, one per request, are cut into pieces, one per block. A piece in a block that has space is
 *       written in place. A piece in a block without space takes some from the {@code SpaceAllocator} (space that reads
 *       as zeros even after a loss of power), is written there, and the block's new entry is put into {@code
 *       Staging}, which only the writer sees.
 *   <li>The staged entries become one log entry: {@code BatPages} makes the pages of the BAT as they will be, {@code
 *       LogWriter} appends them to the ring. Then the entries are published in the block map and the operations are
 *       complete (promise R1).
 *   <li>Whatever has to be durable waits for a {@code Round}: one at a time, beside the agent, it writes logged pages to
 *       their place, punches and grows the file, and ends with one sync. Who comes while a round is running waits for the
 *       next one (promise R3).
 * </ol>
 *
 * <p>In a differencing disk, {@code PartialBlocks} writes to the blocks that lean on the parent. What it writes is staged,
 * in a later batch, when a round has made it durable: {@code Exposures} keeps it until then, and the operation's answer
 * waits for it. {@code Staging} gathers the changes of both kinds, entries of the BAT and pages of sector bitmaps.
 *
 * <p>{@code ImageSession} holds what stands around that: the headers at the first change and at the close. {@code
 * Quarantine} keeps the space of unmapped blocks until nobody can see it any more. {@link
 * io.vhdxd.vhdx.write.Overwrites} is the way past the writer, for data in blocks that are present. {@link
 * io.vhdxd.vhdx.write.ImageHealth} is shared by both: after the first failure nothing is changed any more (promise R4).
 *
 * <p>{@code WriterGauges} shows others what the writer does; nothing in here is decided by it.
 *
 * <p>The agent has no thread, no clock and no randomness of its own, so that tests step it by hand; {@link
 * io.vhdxd.vhdx.write.WriterThreads} runs it in production.
 *
 * <p>May depend on: bitmap, diagnosis, format, log, map, measure, request, storage.
 */
@NullMarked
package io.vhdxd.vhdx.write;

import org.jspecify.annotations.NullMarked;
