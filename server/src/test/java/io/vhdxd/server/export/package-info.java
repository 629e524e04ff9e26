/** Tests of exports. */
@NullMarked
package io.vhdxd.server.export;

import org.jspecify.annotations.NullMarked;
