/** The mailbox of the writer. */
@NullMarked
package io.vhdxd.vhdx.request;

import org.jspecify.annotations.NullMarked;
