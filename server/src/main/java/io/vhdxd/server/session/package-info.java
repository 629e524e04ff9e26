/**
 * What happens between a decoded request and its reply.
 *
 * <p>{@link io.vhdxd.server.session.SessionStarter} makes a {@code Session} for each connection that enters the
 * transmission phase. A session lives on its channel's event loop: everything in it is called there, unless it says
 * otherwise. A request passes
 *
 * <ol>
 *   <li>{@code Admission}: may it come now, given what is under way? This is asked before its payload is received;
 *   <li>an {@code Operation}: it is carried out on the event loop if that takes no waiting; else on a thread of {@link
 *       io.vhdxd.server.session.IoPool}, or by the image's writer;
 *   <li>{@code Completions}, if another thread carried it out: brings it back to the event loop, many at a time;
 *   <li>{@code ReplyStream}: replies of one batch leave in one flush.
 * </ol>
 *
 * <p>May depend on: {@code io.vhdxd.nbd} and its codec, {@code export}, the engine's requests and exceptions, Netty.
 */
@NullMarked
package io.vhdxd.server.session;

import org.jspecify.annotations.NullMarked;
