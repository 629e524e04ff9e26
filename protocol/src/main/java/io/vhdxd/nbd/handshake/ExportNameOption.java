package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TransmissionMode;
import java.util.List;

/**
 * EXPORT_NAME: the old way to enter the transmission phase. Its data is the name and nothing else. It has no error reply,
 * so a refusal ends the connection. Clients with extended headers may not use it.
 */
final class ExportNameOption implements OptionFamily {
    private final Exports exports;
    private final Negotiation negotiation;

    ExportNameOption(Exports exports, Negotiation negotiation) {
        this.exports = exports;
        this.negotiation = negotiation;
    }

    @Override
    public Outcome answer(OptionCode option, byte[] data) throws OptionRefusedException {
        if (negotiation.mode() == TransmissionMode.EXTENDED) {
            throw OptionRefusedException.invalid("With extended headers, a client must use GO.");
        }
        ExportInfo export = exports.require(new OptionReader(data).exportNameToEnd());
        return new Outcome.EnterTransmission(negotiation.session(export, OptionCode.EXPORT_NAME), List.of());
    }
}
