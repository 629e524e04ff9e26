package io.vhdxd.nbd;

/** The flags of the greeting (16 bits), and of the client's answer to it (32 bits), where the same bits mean the same. */
public final class HandshakeFlags {
    public static final int FIXED_NEWSTYLE = 1;
    public static final int NO_ZEROES = 1 << 1;

    private HandshakeFlags() {}
}
