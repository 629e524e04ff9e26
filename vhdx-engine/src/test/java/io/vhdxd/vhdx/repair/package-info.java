/** Tests of the repairs. */
@NullMarked
package io.vhdxd.vhdx.repair;

import org.jspecify.annotations.NullMarked;
