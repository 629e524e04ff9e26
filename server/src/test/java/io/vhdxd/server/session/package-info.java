/** Tests of sessions, most of them over a real socket with a disk in memory behind it. */
@NullMarked
package io.vhdxd.server.session;

import org.jspecify.annotations.NullMarked;
