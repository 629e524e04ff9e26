package io.vhdxd.nbd;

/**
 * What a request asks for, as 16 bits. These are plain numbers because a client may send any; {@link RequestValidator}
 * refuses the ones that are not listed here.
 */
public final class Command {
    public static final int READ = 0;
    public static final int WRITE = 1;
    public static final int DISC = 2;
    public static final int FLUSH = 3;
    public static final int TRIM = 4;
    public static final int CACHE = 5;
    public static final int WRITE_ZEROES = 6;
    public static final int BLOCK_STATUS = 7;

    private Command() {}

    /** The name of a command for messages to people. */
    public static String nameOf(int command) {
        return switch (command) {
            case READ -> "READ";
            case WRITE -> "WRITE";
            case DISC -> "DISC";
            case FLUSH -> "FLUSH";
            case TRIM -> "TRIM";
            case CACHE -> "CACHE";
            case WRITE_ZEROES -> "WRITE_ZEROES";
            case BLOCK_STATUS -> "BLOCK_STATUS";
            default -> "Command " + command;
        };
    }
}
