/**
 * What is served: each {@link io.vhdxd.server.export.Export} is an open image under a name, and the {@link
 * io.vhdxd.server.export.ExportTable} is what a client finds when it asks for one.
 *
 * <p>A {@link io.vhdxd.server.export.Disk} is the part of an open image that serving needs. {@link
 * io.vhdxd.server.export.Leftovers} counts the changes that connections left behind which send nothing any more, so that
 * others can wait for them (promise R2); {@code Sweeps} has every connection looked at before a newcomer may begin, because
 * its client may be gone without that having been noticed.
 *
 * <p>May depend on: {@code io.vhdxd.nbd} and its handshake, the engine's public face.
 */
@NullMarked
package io.vhdxd.server.export;

import org.jspecify.annotations.NullMarked;
