/**
 * The proof that no crash loses a flushed write: workloads, every crash that a disk may make of them, and a reader that
 * looks at what is left.
 *
 * <h2>What is driven</h2>
 *
 * <p>The real engine on a {@link io.vhdxd.vhdx.storage.simulated.SimulatedStorage}. {@link
 * io.vhdxd.vhdx.proof.DrivenImage} moves it step by step: requests come, the writer turns, the background round runs, and
 * other things happen between the beginning of a sync and its end. {@link io.vhdxd.vhdx.proof.Families} are the kinds of
 * workloads, a new one is a line there; {@link io.vhdxd.vhdx.proof.ShortSequences} are all sequences of one, two and
 * three {@link io.vhdxd.vhdx.proof.Operations}.
 *
 * <h2>What a crash may do: the fault model</h2>
 *
 * <p>Weaker than any real disk. Between two syncs that succeed, all writes, holes and changes of size are without order, and
 * each may be lost. A write is torn at sectors of 512 bytes, a hole at pages, the size goes apart from the content. In a
 * second mode, what is lost of the headers, the log and the BAT holds garbage instead of what was there before. Only
 * payload is never garbage, since no client could live with a disk that does that. The death of the process alone loses
 * nothing that the kernel has.
 *
 * <p>{@link io.vhdxd.vhdx.proof.CrashEnumerator} looks at every change that reaches the disk and at every answer.
 * {@link io.vhdxd.vhdx.proof.CrashChoices} makes the crashes of that moment: all selections of the changes that are not
 * durable where they are few, else those of a regular kind and random ones; the newest change torn after each of its
 * sectors; garbage. A selection that could have been left earlier is not tried again, as it was tried when less was allowed.
 * The recovery from a crash is a workload too: power is lost again at each of its steps.
 *
 * <h2>What is expected</h2>
 *
 * <p>{@link io.vhdxd.vhdx.proof.SectorOracle}: of each sector, what was flushed last, or anything that was written,
 * zeroed or trimmed after that; zeros where nothing was ever written; never anything else. The image opens without a
 * finding (no place has two owners, none lies beyond the end), and its DataWriteGuid has changed if its content has.
 *
 * <p>Two readers look: this engine, before and after its replay, and {@link io.vhdxd.vhdx.proof.QemuModelReader}. That the
 * proof would find a fault is shown by the mutants in {@code io.vhdxd.vhdx.proof.mutants}.
 *
 * <p>May depend on: all of the engine, its tests' fixtures.
 */
@NullMarked
package io.vhdxd.vhdx.proof;

import org.jspecify.annotations.NullMarked;
