package io.vhdxd.nbd.codec;

/** The client broke the protocol in a way that leaves nothing to do but to close the connection. */
public final class ProtocolViolationException extends Exception {
    ProtocolViolationException(String message) {
        super(message, null, false, false);
    }
}
