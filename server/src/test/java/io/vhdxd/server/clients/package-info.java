/** Tests with the programs that people use: libnbd's tools, QEMU's, fio, nbd-client. */
@NullMarked
package io.vhdxd.server.clients;

import org.jspecify.annotations.NullMarked;
