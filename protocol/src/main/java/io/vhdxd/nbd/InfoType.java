package io.vhdxd.nbd;

/** What a client can ask about an export, and what a reply of type INFO tells, as 16 bits. */
public final class InfoType {
    public static final int EXPORT = 0;
    public static final int NAME = 1;
    public static final int DESCRIPTION = 2;
    public static final int BLOCK_SIZE = 3;

    private InfoType() {}
}
