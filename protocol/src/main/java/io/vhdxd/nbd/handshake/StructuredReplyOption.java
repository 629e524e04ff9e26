package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.OptionCode;

/** STRUCTURED_REPLY: replies come in chunks, so that a READ can tell about holes, and errors can have a text. */
final class StructuredReplyOption implements OptionFamily {
    private final Negotiation negotiation;

    StructuredReplyOption(Negotiation negotiation) {
        this.negotiation = negotiation;
    }

    @Override
    public Outcome answer(OptionCode option, byte[] data) throws OptionRefusedException {
        new OptionReader(data).expectEnd();
        if (negotiation.structuredReplies()) {
            throw OptionRefusedException.invalid("Structured replies have been negotiated before.");
        }
        negotiation.agreeOnStructuredReplies();
        return Outcome.haggle(OptionReply.ack(option.wireValue()));
    }
}
