/** Tests of the client of NBD servers, against servers that do what they should not. */
@NullMarked
package io.vhdxd.server.remote;

import org.jspecify.annotations.NullMarked;
