package io.vhdxd.nbd.handshake;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** LIST: the names of all exports, with their descriptions. */
final class ListOption implements OptionFamily {
    private final Exports exports;

    ListOption(Exports exports) {
        this.exports = exports;
    }

    @Override
    public Outcome answer(OptionCode option, byte[] data) throws OptionRefusedException {
        new OptionReader(data).expectEnd();
        List<OptionReply> replies = new ArrayList<>();
        for (ExportInfo export : exports.list()) {
            replies.add(new OptionReply(option.wireValue(), OptionReplyType.SERVER, encode(export)));
        }
        replies.add(OptionReply.ack(option.wireValue()));
        return new Outcome.Haggle(replies);
    }

    private static byte[] encode(ExportInfo export) {
        byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
        byte[] description = export.description().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + name.length + description.length)
                .putInt(name.length)
                .put(name)
                .put(description)
                .array();
    }
}
