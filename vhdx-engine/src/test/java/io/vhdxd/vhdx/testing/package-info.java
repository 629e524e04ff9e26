/**
 * What the engine's tests share: seeds that can be replayed, and the tools that some tests call.
 *
 * <p>May depend on: the JDK, JUnit.
 */
@NullMarked
package io.vhdxd.vhdx.testing;

import org.jspecify.annotations.NullMarked;
