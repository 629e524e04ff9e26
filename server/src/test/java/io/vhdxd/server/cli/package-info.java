/** Tests of the command line. */
@NullMarked
package io.vhdxd.server.cli;

import org.jspecify.annotations.NullMarked;
