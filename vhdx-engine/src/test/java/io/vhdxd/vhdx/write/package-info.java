/** The writer, step by step on a simulated disk. Start at {@code SteppedImage}. */
@NullMarked
package io.vhdxd.vhdx.write;

import org.jspecify.annotations.NullMarked;
