package io.vhdxd.nbd.handshake;

import java.util.Locale;

/** Whether the connections to a listener are encrypted. It holds for the whole life of a connection (nbd.md TLS-01). */
public enum TlsMode {
    /** STARTTLS is refused. */
    OFF,

    /** STARTTLS is accepted, and nothing depends on it. */
    ON,

    /** Before STARTTLS, a client can do nothing but leave. */
    REQUIRE;

    /** The name as people write it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
