/** Tests of the values and rules; and what the tests of all packages share: {@code WireBytes}, {@code TestExports}. */
@NullMarked
package io.vhdxd.nbd;

import org.jspecify.annotations.NullMarked;
