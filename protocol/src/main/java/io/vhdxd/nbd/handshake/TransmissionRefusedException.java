package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.OptionReplyType;

/** A server's reason not to let a client into the transmission phase, although the handshake would. */
public final class TransmissionRefusedException extends Exception {
    private final OptionReplyType type;

    /**
     * @param type an error
     * @param message for people at the client's side; it must end in a full stop
     */
    public TransmissionRefusedException(OptionReplyType type, String message) {
        super(message, null, false, false);
        if (!type.isError()) {
            throw new IllegalArgumentException("type: " + type + " (expected: an error)");
        }
        this.type = type;
    }

    public OptionReplyType type() {
        return type;
    }
}
