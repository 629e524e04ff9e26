/**
 * The parents of a differencing image: {@link io.vhdxd.vhdx.chain.ParentChain} finds and opens them, one after the other,
 * and checks that each is the one that its child was made from. Where a parent may lie is the business of {@link
 * io.vhdxd.vhdx.chain.ParentSearch}: an image says itself where its parent is, so whoever made the image must not be able
 * to name any file of this machine.
 *
 * <p>May depend on: diagnosis, format, load, storage.
 */
@NullMarked
package io.vhdxd.vhdx.chain;

import org.jspecify.annotations.NullMarked;
