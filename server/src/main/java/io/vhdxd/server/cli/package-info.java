/**
 * The command line. {@link io.vhdxd.server.cli.VhdxdCommand} is {@code vhdxd} itself; each of its subcommands is a class
 * of this package. {@link io.vhdxd.server.cli.ExitCode} lists what the program can end with, and {@link
 * io.vhdxd.server.cli.Failure} maps what went wrong to one of those and to one line for the user.
 *
 * <p>Results go to standard output, everything else to standard error.
 *
 * <p>May depend on: all of the server, the engine's public face, picocli, Jackson's generator.
 */
@NullMarked
package io.vhdxd.server.cli;

import org.jspecify.annotations.NullMarked;
