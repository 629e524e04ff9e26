package io.vhdxd.nbd.handshake;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.Limits;
import io.vhdxd.nbd.NegotiatedSession;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TestExports;
import io.vhdxd.nbd.WireBytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A client that haggles with a {@link Handshake}, and understands its outcomes. */
final class HandshakeClient {
    static final int FIXED = HandshakeFlags.FIXED_NEWSTYLE;

    private final Handshake handshake;

    HandshakeClient(ExportDirectory exports) {
        this(exports, FIXED | HandshakeFlags.NO_ZEROES);
    }

    HandshakeClient(ExportDirectory exports, int flags) {
        this(exports, flags, TlsMode.OFF);
    }

    HandshakeClient(ExportDirectory exports, int flags, TlsMode tlsMode) {
        handshake = new Handshake(exports, tlsMode);
        assertThat(handshake.clientFlags(flags)).isInstanceOf(Outcome.Haggle.class);
    }

    static HandshakeClient of(String... exports) {
        return new HandshakeClient(TestExports.of(exports));
    }

    Outcome send(OptionCode code, byte[] data) {
        return send(code.wireValue(), data);
    }

    Outcome send(int code, byte[] data) {
        return switch (handshake.dataPolicy(code, data.length)) {
            case KEEP -> handshake.option(code, data);
            case SKIP -> handshake.option(code, null);
            case CLOSE -> Outcome.close("Too much data.");
        };
    }

    Outcome send(OptionCode code) {
        return send(code, new byte[0]);
    }

    Outcome go(String name, int... infoTypes) {
        return send(OptionCode.GO, WireBytes.infoData(name, infoTypes));
    }

    Outcome info(String name, int... infoTypes) {
        return send(OptionCode.INFO, WireBytes.infoData(name, infoTypes));
    }

    Outcome setMetaContext(String name, String... queries) {
        return send(OptionCode.SET_META_CONTEXT, WireBytes.metaContextData(name, queries));
    }

    Outcome listMetaContext(String name, String... queries) {
        return send(OptionCode.LIST_META_CONTEXT, WireBytes.metaContextData(name, queries));
    }

    void agreeOnStructuredReplies() {
        assertAck(send(OptionCode.STRUCTURED_REPLY));
    }

    /** The replies of an outcome that goes on with the handshake. */
    static List<OptionReply> replies(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Haggle.class);
        return ((Outcome.Haggle) outcome).replies();
    }

    static void assertAck(Outcome outcome) {
        assertThat(replies(outcome)).extracting(OptionReply::type).containsExactly(OptionReplyType.ACK);
    }

    static void assertClosed(Outcome outcome) {
        assertThat(outcome).isInstanceOfSatisfying(Outcome.Close.class, close -> {
            assertThat(close.replies()).isEmpty();
            assertThat(close.reason()).endsWith(".");
        });
    }

    /** Checks that there is one reply, an error with a proper text, and returns the text. */
    static String assertError(Outcome outcome, OptionReplyType type) {
        List<OptionReply> replies = replies(outcome);
        assertThat(replies).extracting(OptionReply::type).containsExactly(type);
        byte[] data = replies.getFirst().data();
        assertThat(data.length).isBetween(2, Limits.STRING_BYTES);
        String text = new String(data, StandardCharsets.UTF_8);
        assertThat(text).as("CL-04").endsWith(".");
        return text;
    }

    static NegotiatedSession assertEntered(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.EnterTransmission.class);
        return ((Outcome.EnterTransmission) outcome).session();
    }

    /** The INFO replies by type, after having checked their form: each type once, ACK at the end, lengths as demanded. */
    static Map<Integer, ByteBuffer> infos(Outcome outcome) {
        List<OptionReply> replies =
                outcome instanceof Outcome.EnterTransmission entry ? entry.replies() : replies(outcome);
        assertThat(replies.getLast().type()).isEqualTo(OptionReplyType.ACK);
        Map<Integer, ByteBuffer> infos = new TreeMap<>();
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            assertThat(reply.type()).isEqualTo(OptionReplyType.INFO);
            ByteBuffer data = ByteBuffer.wrap(reply.data());
            int type = data.getShort();
            assertThat(infos.put(type, data.slice()))
                    .as("type %d comes once", type)
                    .isNull();
        }
        return infos;
    }
}
