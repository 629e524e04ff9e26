@NullMarked
package io.vhdxd.nbd;

import org.jspecify.annotations.NullMarked;
