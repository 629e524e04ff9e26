/**
 * The proof of the proof: the engine with one thing broken at a time. Each {@link io.vhdxd.vhdx.proof.mutants.Mutant} is
 * made by a {@link io.vhdxd.vhdx.proof.mutants.CodeEdit} of one method's bytecode, loaded by a class loader of its own,
 * and tried by a kind of workload that has to find the fault.
 *
 * <p>May depend on: the JDK, JUnit. What is tried is reached by name, since it is loaded anew for each mutant.
 */
@NullMarked
package io.vhdxd.vhdx.proof.mutants;

import org.jspecify.annotations.NullMarked;
