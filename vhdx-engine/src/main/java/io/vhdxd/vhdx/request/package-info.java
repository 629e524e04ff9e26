/**
 * What can be asked of the writer of an open image, and the queue in which it is asked.
 *
 * <p>An {@link io.vhdxd.vhdx.request.ImageRequest} is made by a session and handed to the image; the writer actor
 * carries it out and tells its {@link io.vhdxd.vhdx.request.Completion}. {@link
 * io.vhdxd.vhdx.request.RequestQueue} is the writer's mailbox.
 *
 * <p>May depend on: the JDK.
 */
@NullMarked
package io.vhdxd.vhdx.request;

import org.jspecify.annotations.NullMarked;
