/**
 * The protocol on Netty's channels.
 *
 * <p>A new connection gets one handler, {@link io.vhdxd.nbd.codec.HandshakeHandler}. When the client has chosen an export,
 * the handler asks the server's {@link io.vhdxd.nbd.codec.TransmissionStarter} for a
 * {@link io.vhdxd.nbd.codec.RequestHandler}, and puts a {@link io.vhdxd.nbd.codec.RequestDecoder} in its own place. The
 * decoder calls the request handler directly; there is nothing between them. {@link io.vhdxd.nbd.codec.ReplyFormat} writes
 * what goes back.
 *
 * <p>The payload of a WRITE is not copied on its way from the socket: {@code ReceiveAllocator} lets the socket read into
 * the buffers of the {@code RequestParser}, which are a {@code RequestBuffer} for headers and what fits behind them, and the
 * pieces of a {@code ReceivedPayload}.
 *
 * <p>May depend on: {@code io.vhdxd.nbd}, {@code .handshake}, Netty.
 */
@NullMarked
package io.vhdxd.nbd.codec;

import org.jspecify.annotations.NullMarked;
