/**
 * Tests of the handlers. {@code TestConnection} stands for a client's connection, without a socket; every buffer that is
 * allocated for it must be released in the end. The tests with real sockets are those named so.
 */
@NullMarked
package io.vhdxd.nbd.codec;

import org.jspecify.annotations.NullMarked;
