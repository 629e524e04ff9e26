package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.InfoType;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * INFO and GO: the client asks about an export, and with GO it enters the transmission phase too. The block sizes are
 * always told, the description only to those who ask, the name also to those who used another one.
 */
final class InfoOptions implements OptionFamily {
    private final Exports exports;
    private final Negotiation negotiation;

    InfoOptions(Exports exports, Negotiation negotiation) {
        this.exports = exports;
        this.negotiation = negotiation;
    }

    @Override
    public Outcome answer(OptionCode option, byte[] data) throws OptionRefusedException {
        OptionReader reader = new OptionReader(data);
        String name = reader.exportName();
        int requestCount = reader.unsignedShort();
        boolean wantsName = false;
        boolean wantsDescription = false;
        for (int i = 0; i < requestCount; i++) {
            int type = reader.unsignedShort();
            wantsName |= type == InfoType.NAME;
            wantsDescription |= type == InfoType.DESCRIPTION;
        }
        reader.expectEnd();

        ExportInfo export = exports.require(name);
        List<OptionReply> replies = new ArrayList<>();
        replies.add(info(option, exportInfo(export)));
        replies.add(info(option, blockSizeInfo(export)));
        if (wantsName || !name.equals(export.name())) {
            replies.add(info(option, textInfo(InfoType.NAME, export.name())));
        }
        if (wantsDescription && !export.description().isEmpty()) {
            replies.add(info(option, textInfo(InfoType.DESCRIPTION, export.description())));
        }
        replies.add(OptionReply.ack(option.wireValue()));
        return option == OptionCode.GO
                ? new Outcome.EnterTransmission(negotiation.session(export, OptionCode.GO), replies)
                : new Outcome.Haggle(replies);
    }

    private static OptionReply info(OptionCode option, byte[] data) {
        return new OptionReply(option.wireValue(), OptionReplyType.INFO, data);
    }

    private byte[] exportInfo(ExportInfo export) {
        return ByteBuffer.allocate(12)
                .putShort((short) InfoType.EXPORT)
                .putLong(export.sizeBytes())
                .putShort((short) negotiation.transmissionFlags(export))
                .array();
    }

    private static byte[] blockSizeInfo(ExportInfo export) {
        return ByteBuffer.allocate(14)
                .putShort((short) InfoType.BLOCK_SIZE)
                .putInt(export.minimumBlockBytes())
                .putInt(export.preferredBlockBytes())
                .putInt(export.maximumPayloadBytes())
                .array();
    }

    private static byte[] textInfo(int type, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 + bytes.length)
                .putShort((short) type)
                .put(bytes)
                .array();
    }
}
