package io.vhdxd.nbd;

/** The numbers that begin each kind of message. */
public final class Magic {
    /** "NBDMAGIC", the first eight bytes that a server sends. */
    public static final long GREETING = 0x4e42444d41474943L;

    /** "IHAVEOPT", the second eight bytes of the greeting, and the first of every option. */
    public static final long OPTION = 0x49484156454F5054L;

    public static final long OPTION_REPLY = 0x0003e889045565a9L;
    public static final int REQUEST = 0x25609513;
    public static final int SIMPLE_REPLY = 0x67446698;
    public static final int STRUCTURED_REPLY = 0x668e33ef;
    public static final int EXTENDED_REQUEST = 0x21e41c71;
    public static final int EXTENDED_REPLY = 0x6e8a278c;

    private Magic() {}
}
