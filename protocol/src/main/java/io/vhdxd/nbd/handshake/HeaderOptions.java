package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TransmissionMode;

/**
 * STRUCTURED_REPLY and EXTENDED_HEADERS: which headers the messages of the transmission phase have. Each can be agreed on
 * once; extended headers include what structured replies can do, whether or not those were agreed on before.
 */
final class HeaderOptions implements OptionFamily {
    private final Negotiation negotiation;

    HeaderOptions(Negotiation negotiation) {
        this.negotiation = negotiation;
    }

    @Override
    public Outcome answer(OptionCode option, byte[] data) throws OptionRefusedException {
        new OptionReader(data).expectEnd();
        TransmissionMode mode =
                option == OptionCode.EXTENDED_HEADERS ? TransmissionMode.EXTENDED : TransmissionMode.STRUCTURED;
        if (negotiation.mode() == mode) {
            throw OptionRefusedException.invalid("The option has been negotiated before.");
        }
        if (negotiation.mode() == TransmissionMode.EXTENDED) {
            throw new OptionRefusedException(
                    OptionReplyType.EXT_HEADER_REQD,
                    "Extended headers have been negotiated before, so replies are structured anyway.");
        }
        negotiation.agreeOn(mode);
        return Outcome.haggle(OptionReply.ack(option.wireValue()));
    }
}
