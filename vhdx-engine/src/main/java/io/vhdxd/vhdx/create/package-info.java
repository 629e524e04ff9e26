/**
 * New images. {@link io.vhdxd.vhdx.create.ImageLayout} says where everything stands in them, {@link
 * io.vhdxd.vhdx.create.NewImage} writes it. Nothing here knows of file names: see {@link io.vhdxd.vhdx.ImageCreation}.
 *
 * <p>May depend on: diagnosis, format, storage.
 */
@NullMarked
package io.vhdxd.vhdx.create;

import org.jspecify.annotations.NullMarked;
