package io.vhdxd.server.net;

/**
 * How many connections there may be, and how long one may take to come to an export (promise R7).
 *
 * @param total connections at the same time
 * @param perAddress TCP connections from one address at the same time; an IPv6 address stands for its /64 network. Unix
 *     sockets have no addresses
 * @param handshakeMillis from the connection to the choice of an export
 */
public record ConnectionLimits(int total, int perAddress, long handshakeMillis) {}
