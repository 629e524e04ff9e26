package io.vhdxd.server.remote;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.InfoType;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.Magic;
import io.vhdxd.nbd.MetaContext;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/** The client's side of the fixed newstyle handshake: structured replies and {@code base:allocation} where the server has them, then GO. */
final class ClientHandshake {
    private static final int REPLY_DATA_MAX_BYTES = 64 << 10;

    /** What servers take that tell no limits. */
    private static final int MAXIMUM_PAYLOAD_DEFAULT_BYTES = Limits.MAXIMUM_PAYLOAD_BYTES;

    private final Wire wire;
    private final byte[] exportName;

    private boolean structured;
    private long allocationId = -1;
    private long sizeBytes = -1;
    private int transmissionFlags;
    private int minimumBlockBytes = 1;
    private long maximumPayloadBytes = MAXIMUM_PAYLOAD_DEFAULT_BYTES;

    private ClientHandshake(Wire wire, String exportName) {
        this.wire = wire;
        this.exportName = exportName.getBytes(StandardCharsets.UTF_8);
    }

    /** Enters the transmission phase with an export. */
    static RemoteExport run(Wire wire, String exportName) throws IOException {
        ClientHandshake handshake = new ClientHandshake(wire, exportName);
        handshake.greet();
        handshake.askForStructuredReplies();
        if (handshake.structured) {
            handshake.askForAllocation();
        }
        handshake.go();
        return handshake.export();
    }

    private void greet() throws IOException {
        ByteBuffer greeting = wire.read(18);
        if (greeting.getLong() != Magic.GREETING || greeting.getLong() != Magic.OPTION) {
            throw new ProtocolException("its greeting is not that of a newstyle NBD server");
        }
        int flags = greeting.getShort();
        if ((flags & HandshakeFlags.FIXED_NEWSTYLE) == 0) {
            throw new ProtocolException("it does not speak the fixed newstyle protocol");
        }
        int answer = flags & (HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES);
        wire.write(ByteBuffer.allocate(Integer.BYTES).putInt(answer).flip());
    }

    private void askForStructuredReplies() throws IOException {
        send(OptionCode.STRUCTURED_REPLY, ByteBuffer.allocate(0));
        structured = reply(OptionCode.STRUCTURED_REPLY).type == OptionReplyType.ACK.wireValue();
    }

    /** The answer is a context, if there is one, and an ACK; or an error, and then there is none. */
    private void askForAllocation() throws IOException {
        byte[] query = MetaContext.BASE_ALLOCATION.wireName().getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(3 * Integer.BYTES + exportName.length + query.length);
        data.putInt(exportName.length)
                .put(exportName)
                .putInt(1)
                .putInt(query.length)
                .put(query);
        send(OptionCode.SET_META_CONTEXT, data.flip());
        Reply reply = reply(OptionCode.SET_META_CONTEXT);
        while (reply.type == OptionReplyType.META_CONTEXT.wireValue()) {
            long id = Integer.toUnsignedLong(reply.data.getInt());
            byte[] name = new byte[reply.data.remaining()];
            reply.data.get(name);
            if (Arrays.equals(name, query)) {
                allocationId = id;
            }
            reply = reply(OptionCode.SET_META_CONTEXT);
        }
        if (reply.type != OptionReplyType.ACK.wireValue()) {
            allocationId = -1;
        }
    }

    private void go() throws IOException {
        ByteBuffer data = ByteBuffer.allocate(Integer.BYTES + exportName.length + 2 * Short.BYTES);
        data.putInt(exportName.length).put(exportName).putShort((short) 1).putShort((short) InfoType.BLOCK_SIZE);
        send(OptionCode.GO, data.flip());
        Reply reply = reply(OptionCode.GO);
        while (reply.type == OptionReplyType.INFO.wireValue()) {
            info(reply.data);
            reply = reply(OptionCode.GO);
        }
        if (reply.type != OptionReplyType.ACK.wireValue()) {
            throw new IOException(refusal(reply));
        }
    }

    private void info(ByteBuffer info) throws ProtocolException {
        int type = info.getShort();
        if (info.remaining() < (type == InfoType.EXPORT ? 10 : type == InfoType.BLOCK_SIZE ? 12 : 0)) {
            throw new ProtocolException(
                    "it tells " + info.remaining() + " bytes about the export, in a reply of type " + type);
        }
        switch (type) {
            case InfoType.EXPORT -> {
                sizeBytes = info.getLong();
                transmissionFlags = Short.toUnsignedInt(info.getShort());
            }
            case InfoType.BLOCK_SIZE -> {
                minimumBlockBytes = info.getInt();
                info.getInt();
                maximumPayloadBytes = Math.min(Integer.toUnsignedLong(info.getInt()), MAXIMUM_PAYLOAD_DEFAULT_BYTES);
            }
            default -> {}
        }
    }

    private RemoteExport export() throws ProtocolException {
        if (sizeBytes < 0) {
            throw new ProtocolException("it tells no size of the export, or one of more than 2^63 - 1 bytes");
        }
        long payload = maximumPayloadBytes & -(long) minimumBlockBytes;
        if (Integer.bitCount(minimumBlockBytes) != 1
                || minimumBlockBytes < 0
                || minimumBlockBytes > Limits.MAXIMUM_MINIMUM_BLOCK_BYTES
                || payload < minimumBlockBytes) {
            throw new ProtocolException("it tells block sizes that cannot be: at least " + minimumBlockBytes
                    + ", at most " + maximumPayloadBytes);
        }
        return new RemoteExport(
                sizeBytes, transmissionFlags, minimumBlockBytes, (int) payload, structured, allocationId);
    }

    private String refusal(Reply reply) {
        String name = ErrorText.quote(new String(exportName, StandardCharsets.UTF_8));
        OptionReplyType type = Arrays.stream(OptionReplyType.values())
                .filter(each -> each.wireValue() == reply.type)
                .findFirst()
                .orElse(null);
        String why = switch (type) {
            case UNKNOWN -> "it has no export " + name;
            case TLS_REQD -> "it requires TLS, which is not spoken here; nbdcopy copies through it";
            case null, default ->
                "it does not open the export " + name + ": "
                        + Objects.requireNonNullElse(type, Integer.toHexString(reply.type));
        };
        String text = StandardCharsets.UTF_8.decode(reply.data).toString();
        return text.isEmpty() ? why : why + ", " + ErrorText.quote(text);
    }

    // --- messages

    private void send(OptionCode option, ByteBuffer data) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES);
        header.putLong(Magic.OPTION).putInt(option.wireValue()).putInt(data.remaining());
        wire.write(header.flip());
        if (data.hasRemaining()) {
            wire.write(data);
        }
    }

    private record Reply(int type, ByteBuffer data) {}

    private Reply reply(OptionCode option) throws IOException {
        ByteBuffer header = wire.read(Long.BYTES + 3 * Integer.BYTES);
        if (header.getLong() != Magic.OPTION_REPLY || header.getInt() != option.wireValue()) {
            throw new ProtocolException("its answer to the option " + option + " is none");
        }
        int type = header.getInt();
        long length = Integer.toUnsignedLong(header.getInt());
        if (length > REPLY_DATA_MAX_BYTES || length < leastBytes(type)) {
            throw new ProtocolException("its answer to the option " + option + " has " + length + " bytes");
        }
        return new Reply(type, wire.read((int) length));
    }

    /** How long an answer has to be, so that it can be read. */
    private static int leastBytes(int type) {
        return type == OptionReplyType.META_CONTEXT.wireValue()
                ? Integer.BYTES
                : type == OptionReplyType.INFO.wireValue() ? Short.BYTES : 0;
    }
}
