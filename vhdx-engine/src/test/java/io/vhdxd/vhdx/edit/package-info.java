/** Changes of whole images, and what crashes of them leave. */
@NullMarked
package io.vhdxd.vhdx.edit;

import org.jspecify.annotations.NullMarked;
