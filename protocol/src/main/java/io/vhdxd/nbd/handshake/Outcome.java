package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.NegotiatedSession;
import java.util.List;

/** What the server does after a message of the client. */
public sealed interface Outcome {
    /** Send the replies, and wait for the next option. */
    record Haggle(List<OptionReply> replies) implements Outcome {}

    /**
     * Send the replies, and enter the transmission phase. After EXPORT_NAME there are no replies; the server sends the
     * size and the flags of the session instead.
     */
    record EnterTransmission(NegotiatedSession session, List<OptionReply> replies) implements Outcome {}

    /**
     * Send the reply in clear, and encrypt everything behind it. What the client has sent in clear behind its option must
     * not be looked at.
     */
    record StartTls(OptionReply reply) implements Outcome {}

    /**
     * Send the replies, and close the connection.
     *
     * @param reason one sentence for the server's log
     */
    record Close(List<OptionReply> replies, String reason) implements Outcome {}

    static Outcome close(String reason) {
        return new Close(List.of(), reason);
    }

    static Outcome haggle(OptionReply... replies) {
        return new Haggle(List.of(replies));
    }
}
