package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertError;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.WireBytes;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names that broke other servers. */
class HostileNamesTest {
    private static final OptionCode[] WITH_NAME = {
        OptionCode.INFO, OptionCode.GO, OptionCode.LIST_META_CONTEXT, OptionCode.SET_META_CONTEXT
    };

    private final HandshakeClient client = HandshakeClient.of("disk");

    @ParameterizedTest
    @ValueSource(ints = {1, 255, 256, 257, 4095, 4096})
    @DisplayName("SEC-02, SEC-03, SEC-10: a long unknown name gets UNKNOWN with a short text")
    void longName(int length) {
        for (OptionCode option : WITH_NAME) {
            client.send(OptionCode.STRUCTURED_REPLY);
            String text = assertError(client.send(option, data(option, "n".repeat(length))), OptionReplyType.UNKNOWN);
            assertThat(text.length()).isLessThan(200);
        }
        assertEntered(client.go("disk"));
    }

    @ParameterizedTest
    @ValueSource(longs = {4097, 0x7fffffffL, 0x80000000L, 0xfffffffaL, 0xffffffffL})
    @DisplayName("SEC-03, SEC-09: a declared length that is too long gets INVALID")
    void declaredLength(long length) {
        for (OptionCode option : WITH_NAME) {
            client.send(OptionCode.STRUCTURED_REPLY);
            byte[] data = new WireBytes().u32(length).put(new byte[4097 + 6]).toArray();
            assertError(client.send(option, data), OptionReplyType.INVALID);
        }
        assertEntered(client.go("disk"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"../disk", "/etc/passwd", "disk ", "DISK", "a\nb\u001b[2J", "\ufeffdisk"})
    @DisplayName("SEC-30: a name is nothing but a name, and comes back without control characters")
    void strangeName(String name) {
        for (OptionCode option : WITH_NAME) {
            client.send(OptionCode.STRUCTURED_REPLY);
            String text = assertError(client.send(option, data(option, name)), OptionReplyType.UNKNOWN);
            assertThat(text.chars()).noneMatch(Character::isISOControl);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"c328", "ff", "eda080", "c080", "f8888080", "6469736b00"})
    @DisplayName("SEC-30: a name that is no UTF-8, or holds NUL, gets INVALID")
    void malformedName(String hex) {
        byte[] name = HexFormat.of().parseHex(hex);
        for (OptionCode option : WITH_NAME) {
            client.send(OptionCode.STRUCTURED_REPLY);
            byte[] data = new WireBytes()
                    .u32(name.length)
                    .put(name)
                    .put(new byte[option.wireValue() < 8 ? 2 : 4])
                    .toArray();
            assertError(client.send(option, data), OptionReplyType.INVALID);
        }
    }

    private static byte[] data(OptionCode option, String name) {
        return option == OptionCode.INFO || option == OptionCode.GO
                ? WireBytes.infoData(name)
                : WireBytes.metaContextData(name, "base:allocation");
    }
}
