package io.vhdxd.nbd;

/** How a request is to be carried out, as 16 bits. */
public final class CommandFlags {
    /** Answer only when what was written survives loss of power; allowed with every command. */
    public static final int FUA = 1;

    /** WRITE_ZEROES shall leave the range allocated. */
    public static final int NO_HOLE = 1 << 1;

    /** READ shall be answered with one content chunk. */
    public static final int DF = 1 << 2;

    /** BLOCK_STATUS shall report one extent. */
    public static final int REQ_ONE = 1 << 3;

    /** WRITE_ZEROES shall fail with ENOTSUP rather than take as long as a WRITE. */
    public static final int FAST_ZERO = 1 << 4;

    /** With extended headers only: the length is that of a payload, which follows the header. */
    public static final int PAYLOAD_LEN = 1 << 5;

    private CommandFlags() {}
}
