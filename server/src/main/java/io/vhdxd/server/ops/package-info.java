/**
 * For who watches a server: {@link io.vhdxd.server.ops.Metrics} holds the numbers, {@link
 * io.vhdxd.server.ops.WriterWatch} looks whether the writers of the images move, {@link io.vhdxd.server.ops.Health} judges
 * whether all is well, {@link io.vhdxd.server.ops.OpsEndpoint} tells it over HTTP, on threads of its own, and {@link
 * io.vhdxd.server.ops.ServiceManager} tells it to systemd.
 *
 * <p>Only here is Micrometer used. What is told for each request goes to meters that were looked up before; everything else
 * is asked for when somebody scrapes.
 *
 * <p>May depend on: {@code io.vhdxd.nbd}, {@code export}, {@code net}, the engine's public face, Micrometer.
 */
@NullMarked
package io.vhdxd.server.ops;

import org.jspecify.annotations.NullMarked;
