/** Tests of what is told to who watches a server. */
@NullMarked
package io.vhdxd.server.ops;

import org.jspecify.annotations.NullMarked;
