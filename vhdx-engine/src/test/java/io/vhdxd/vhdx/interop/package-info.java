/**
 * QEMU's own VHDX driver beside the engine: random changes by one of them are read by the other. {@link
 * io.vhdxd.vhdx.interop.QemuSequencesTest} is the test, {@code ImageUnderTest} what it does to one image, {@code DiskRuns} what
 * the disk has to hold.
 */
@NullMarked
package io.vhdxd.vhdx.interop;

import org.jspecify.annotations.NullMarked;
