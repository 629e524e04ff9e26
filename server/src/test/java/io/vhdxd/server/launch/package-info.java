/** Tests of the scripts {@code vhdxd} and {@code verify}, in copies of the tree with a Maven and JDKs that only pretend. */
@NullMarked
package io.vhdxd.server.launch;

import org.jspecify.annotations.NullMarked;
