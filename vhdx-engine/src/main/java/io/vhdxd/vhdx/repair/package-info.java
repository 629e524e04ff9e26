/**
 * Brings a damaged image back to one that opens: what {@code vhdxd check --repair} does.
 *
 * <p>{@link io.vhdxd.vhdx.repair.Repair} goes through the structures in the order in which they lean on each other. {@code
 * HeaderRepair} leaves two valid headers, {@code LogRepair} an empty log, {@code StructureRepair} what the loader refuses and
 * can still be known; then the image loads, and {@code TableRepair} and {@code BatRepair} change the entries that a check
 * warns of. What was done, and what was lost, is told to a {@link io.vhdxd.vhdx.repair.RepairReport}.
 *
 * <p>Two rules. Nothing is guessed about a guest's data: a repair that gives some of it up, or chooses between two readings, is
 * done only where {@link io.vhdxd.vhdx.repair.RepairOptions} allow that; otherwise nothing behind that point is changed. And a
 * repair can be killed at any moment and done again: headers are written one after the other, as in every update; the file only
 * grows, by zeros, before anything points there; everything else goes through the image's own log ({@link
 * io.vhdxd.vhdx.write.LoggedEdits}).
 *
 * <p>May depend on: diagnosis, edit, format, load, log, map, storage, write.
 */
@NullMarked
package io.vhdxd.vhdx.repair;

import org.jspecify.annotations.NullMarked;
