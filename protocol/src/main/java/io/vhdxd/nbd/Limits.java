package io.vhdxd.nbd;

/** Sizes that the specification fixes, and the bounds that this server sets where the specification leaves them open. */
public final class Limits {
    /** The longest string on the wire, in bytes of UTF-8: names, descriptions, queries, error texts. */
    public static final int STRING_BYTES = 4096;

    /** The largest payload of a request that every server has to take, and the largest that an export may announce. */
    public static final int MAXIMUM_PAYLOAD_BYTES = 32 << 20;

    /** The largest minimum block size that an export may announce. */
    public static final int MAXIMUM_MINIMUM_BLOCK_BYTES = 1 << 16;

    /** A payload that is too large is still received and thrown away up to this size; a larger one ends the connection. */
    public static final int SKIPPED_PAYLOAD_BYTES = 64 << 20;

    /** An option with more data than this is answered with an error, but its data is still received and thrown away. */
    public static final int OPTION_DATA_BYTES = 64 << 10;

    /** An option with more data than this ends the connection. */
    public static final int SKIPPED_OPTION_DATA_BYTES = 1 << 20;

    /** When all options of a connection together declare more data than this, it ends. */
    public static final int ALL_OPTIONS_DATA_BYTES = 4 << 20;

    /** How many queries one option may hold. */
    public static final int META_CONTEXT_QUERIES = 64;

    /** How many extents one chunk of block status should hold at most. */
    public static final int STATUS_EXTENTS = 1 << 20;

    private Limits() {}
}
