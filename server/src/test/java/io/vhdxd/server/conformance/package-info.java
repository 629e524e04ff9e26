/**
 * Where the server stands with the specification, and beside other servers.
 *
 * <p>{@code checklist.tsv} has what the specification asks for, in one line each; {@code ConformanceTableTest} finds the tests
 * that cite each line. The {@code Probes} are sent to vhdxd, qemu-nbd and nbdkit by a {@code Player}, which puts the answers
 * into words; what the other two answered is recorded in {@code answers.tsv}. {@code RandomScripts} makes more of them.
 * Wherever another server answers differently, {@code differences.tsv} says why. {@code ConformanceDocument} makes
 * {@code docs/conformance.md} of it all; {@code build/conformance.sh} measures and writes anew.
 */
@NullMarked
package io.vhdxd.server.conformance;

import org.jspecify.annotations.NullMarked;
