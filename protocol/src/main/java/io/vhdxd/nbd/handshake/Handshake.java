package io.vhdxd.nbd.handshake;

/** Stub. */
public final class Handshake {
    public Handshake(ExportDirectory exports) {}
}
