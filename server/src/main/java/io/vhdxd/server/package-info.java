/**
 * The vhdxd program. {@link io.vhdxd.server.Main} hands the command line to {@code cli}.
 *
 * <p>May depend on: {@code cli}.
 */
@NullMarked
package io.vhdxd.server;

import org.jspecify.annotations.NullMarked;
