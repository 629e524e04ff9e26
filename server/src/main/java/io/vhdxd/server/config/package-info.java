/**
 * The configuration file: {@link io.vhdxd.server.config.ConfigFile} reads it, {@link io.vhdxd.server.config.Setting} lists
 * what may stand in it. Each setting is one of the options of the command line, which says what its values may be.
 *
 * <p>Nothing ends the reading early: everything that is wrong is told at once, with its line.
 *
 * <p>May depend on: tomlj.
 */
@NullMarked
package io.vhdxd.server.config;

import org.jspecify.annotations.NullMarked;
