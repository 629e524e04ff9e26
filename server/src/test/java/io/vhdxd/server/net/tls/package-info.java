/** Tests of encrypted connections. */
@NullMarked
package io.vhdxd.server.net.tls;

import org.jspecify.annotations.NullMarked;
