/**
 * What the server proves who it is with, and whom it trusts, from PEM files.
 *
 * <p>Start at {@link io.vhdxd.server.net.tls.TlsCertificates}: it looks at the files for every new connection. {@code
 * ServerIdentity} is the server's certificate with its key, {@code PrivateKeyFile} reads keys in all forms in which they
 * are found, {@code ClientTrust} decides which clients are let in.
 *
 * <p>May depend on: {@code io.vhdxd.nbd.codec} and its handshake, Netty's TLS, the JDK's.
 */
@NullMarked
package io.vhdxd.server.net.tls;

import org.jspecify.annotations.NullMarked;
