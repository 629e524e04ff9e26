/** The block map and what guards it. */
@NullMarked
package io.vhdxd.vhdx.map;

import org.jspecify.annotations.NullMarked;
