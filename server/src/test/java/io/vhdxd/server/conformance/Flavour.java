package io.vhdxd.server.conformance;

/** How a server is set up. */
enum Flavour {
    WRITABLE,
    READ_ONLY,
    /** Requires TLS. */
    ENCRYPTED
}
