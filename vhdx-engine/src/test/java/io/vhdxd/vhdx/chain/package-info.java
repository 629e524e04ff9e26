/** Tests of the parents of differencing images. */
@NullMarked
package io.vhdxd.vhdx.chain;

import org.jspecify.annotations.NullMarked;
