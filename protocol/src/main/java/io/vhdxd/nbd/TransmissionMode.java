package io.vhdxd.nbd;

/** Which headers the messages of the transmission phase have. */
public enum TransmissionMode {
    /** Compact requests, with a length of 32 bits; each is answered by one simple reply. */
    SIMPLE,

    /** Compact requests; a READ and a BLOCK_STATUS are answered in chunks, the others may be. */
    STRUCTURED,

    /** Extended requests, with a length of 64 bits; everything is answered in chunks with extended headers. */
    EXTENDED;

    /** Whether replies have chunks, so that they can tell about holes, block status and the reasons of errors. */
    public boolean hasChunks() {
        return this != SIMPLE;
    }
}
