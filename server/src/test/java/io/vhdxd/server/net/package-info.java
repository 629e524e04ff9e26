/** Tests of sockets and addresses. */
@NullMarked
package io.vhdxd.server.net;

import org.jspecify.annotations.NullMarked;
