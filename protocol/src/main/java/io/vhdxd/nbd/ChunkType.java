package io.vhdxd.nbd;

/** What a chunk of a reply holds, as 16 bits; bit 15 marks errors. */
public final class ChunkType {
    public static final int NONE = 0;
    public static final int OFFSET_DATA = 1;
    public static final int OFFSET_HOLE = 2;
    public static final int BLOCK_STATUS = 5;

    /** Like BLOCK_STATUS, with lengths and flags of 64 bits; only with extended headers, and then always. */
    public static final int BLOCK_STATUS_EXT = 6;

    public static final int ERROR = 0x8001;
    public static final int ERROR_OFFSET = 0x8002;

    /** The only flag of a chunk: no other chunk follows for this request. */
    public static final int FLAG_DONE = 1;

    private ChunkType() {}
}
