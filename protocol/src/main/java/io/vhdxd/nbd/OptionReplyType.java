package io.vhdxd.nbd;

/** How an option is answered; bit 31 marks errors. */
public enum OptionReplyType {
    ACK(1),
    SERVER(2),
    INFO(3),
    META_CONTEXT(4),

    /** The option is unknown. */
    UNSUP(0x80000001),
    /** The option is known and well-formed, but forbidden here. */
    POLICY(0x80000002),
    /** The option is malformed, or comes at the wrong time. */
    INVALID(0x80000003),
    /** The server cannot do it where it runs. */
    PLATFORM(0x80000004),
    TLS_REQD(0x80000005),
    /** There is no such export. */
    UNKNOWN(0x80000006),
    /** The server is being shut down. */
    SHUTDOWN(0x80000007),
    BLOCK_SIZE_REQD(0x80000008),
    /** The request or its reply is too large. */
    TOO_BIG(0x80000009),
    /** It needs extended headers, or makes no sense with them. */
    EXT_HEADER_REQD(0x8000000a);

    private final int wireValue;

    OptionReplyType(int wireValue) {
        this.wireValue = wireValue;
    }

    public int wireValue() {
        return wireValue;
    }

    public boolean isError() {
        return wireValue < 0;
    }
}
