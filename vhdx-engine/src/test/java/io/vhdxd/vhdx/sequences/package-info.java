/**
 * Chains of images that are changed at random, by requests and by every tool that works on whole images, against a model of
 * what each image of the chain has to hold and to decide. {@link io.vhdxd.vhdx.sequences.ToolSequencesTest} is the test, {@code
 * ToolSequence} what it does to one chain, {@code Layer} the model of one image, {@code ChainVerifier} the comparison.
 */
@NullMarked
package io.vhdxd.vhdx.sequences;

import org.jspecify.annotations.NullMarked;
