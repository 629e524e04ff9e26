package io.vhdxd.nbd.codec;

import io.netty.buffer.ByteBuf;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.handshake.Handshake;
import io.vhdxd.nbd.handshake.OptionReply;
import io.vhdxd.nbd.handshake.Outcome;

/** Writes what the server sends during the handshake. */
final class HandshakeMessages {
    static final int GREETING_BYTES = 18;

    private static final int EXPORT_NAME_PADDING_BYTES = 124;

    private HandshakeMessages() {}

    static void writeGreeting(ByteBuf out) {
        out.writeLong(Magic.GREETING).writeLong(Magic.OPTION).writeShort(Handshake.SERVER_FLAGS);
    }

    static void writeOptionReply(ByteBuf out, OptionReply reply) {
        out.writeLong(Magic.OPTION_REPLY)
                .writeInt(reply.option())
                .writeInt(reply.type().wireValue())
                .writeInt(reply.data().length)
                .writeBytes(reply.data());
    }

    /** What tells the client that it has entered the transmission phase. */
    static void writeEntry(ByteBuf out, Outcome.EnterTransmission entry) {
        NegotiatedSession session = entry.session();
        if (session.enteredBy() == OptionCode.EXPORT_NAME) {
            out.writeLong(session.export().sizeBytes()).writeShort(session.transmissionFlags());
            if (!session.noZeroes()) {
                out.writeZero(EXPORT_NAME_PADDING_BYTES);
            }
        } else {
            entry.replies().forEach(reply -> writeOptionReply(out, reply));
        }
    }
}
