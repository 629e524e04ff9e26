/** What the server's tests share: a disk in memory, a server in this process, a client that may break rules. */
@NullMarked
package io.vhdxd.server.support;

import org.jspecify.annotations.NullMarked;
