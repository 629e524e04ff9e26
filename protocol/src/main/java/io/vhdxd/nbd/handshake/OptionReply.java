package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.OptionReplyType;

/** One reply to an option. An option may get several; the last one is an ACK or an error. */
public final class OptionReply {
    private static final byte[] NOTHING = {};

    private final int option;
    private final OptionReplyType type;
    private final byte[] data;

    OptionReply(int option, OptionReplyType type, byte[] data) {
        this.option = option;
        this.type = type;
        this.data = data;
    }

    static OptionReply ack(int option) {
        return new OptionReply(option, OptionReplyType.ACK, NOTHING);
    }

    static OptionReply error(int option, OptionRefusedException cause) {
        return new OptionReply(option, cause.type(), ErrorText.encode(cause.text()));
    }

    /** The option's number, as the client sent it. */
    public int option() {
        return option;
    }

    public OptionReplyType type() {
        return type;
    }

    /** The data; it must not be changed. */
    public byte[] data() {
        return data;
    }
}
