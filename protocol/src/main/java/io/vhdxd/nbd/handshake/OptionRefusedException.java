package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.OptionReplyType;

/** Why an option is answered with an error. */
public final class OptionRefusedException extends Exception {
    private final OptionReplyType type;

    /**
     * @param type an error
     * @param message for people at the client's side; it must end in a full stop, because nbd-client drops the last
     *     character
     */
    public OptionRefusedException(OptionReplyType type, String message) {
        super(message, null, false, false);
        if (!type.isError()) {
            throw new IllegalArgumentException("type: " + type + " (expected: an error)");
        }
        this.type = type;
    }

    public OptionReplyType type() {
        return type;
    }

    /** The message; there always is one. */
    public String text() {
        return String.valueOf(getMessage());
    }

    static OptionRefusedException invalid(String message) {
        return new OptionRefusedException(OptionReplyType.INVALID, message);
    }
}
