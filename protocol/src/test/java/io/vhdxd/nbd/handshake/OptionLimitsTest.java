package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertClosed;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertError;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TestExports;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client cannot make the server store or do. */
class OptionLimitsTest {
    private final Handshake handshake = new Handshake(TestExports.of("disk"), TlsMode.OFF);

    @ParameterizedTest
    @EnumSource
    @DisplayName("HS-10: data up to 64 KiB is kept, up to 1 MiB thrown away, and beyond that the connection ends")
    void dataPolicy(OptionCode option) {
        if (option == OptionCode.EXPORT_NAME) {
            return;
        }
        assertThat(handshake.dataPolicy(option.wireValue(), 0)).isEqualTo(DataPolicy.KEEP);
        assertThat(handshake.dataPolicy(option.wireValue(), 65536)).isEqualTo(DataPolicy.KEEP);
        assertThat(handshake.dataPolicy(option.wireValue(), 65537)).isEqualTo(DataPolicy.SKIP);
        assertThat(handshake.dataPolicy(option.wireValue(), 1 << 20)).isEqualTo(DataPolicy.SKIP);
        assertThat(handshake.dataPolicy(option.wireValue(), (1 << 20) + 1)).isEqualTo(DataPolicy.CLOSE);
        assertThat(handshake.dataPolicy(option.wireValue(), 0xffffffffL)).isEqualTo(DataPolicy.CLOSE);
    }

    @Test
    @DisplayName("OP-01: a name above 4096 bytes in EXPORT_NAME ends the connection")
    void exportName() {
        assertThat(handshake.dataPolicy(OptionCode.EXPORT_NAME.wireValue(), 4096))
                .isEqualTo(DataPolicy.KEEP);
        assertThat(handshake.dataPolicy(OptionCode.EXPORT_NAME.wireValue(), 4097))
                .isEqualTo(DataPolicy.CLOSE);
    }

    @ParameterizedTest
    @EnumSource(names = {"LIST", "INFO", "GO", "STRUCTURED_REPLY", "LIST_META_CONTEXT", "SET_META_CONTEXT"})
    @DisplayName("HS-10: a known option whose data was thrown away gets INVALID, and the handshake goes on")
    void tooMuchData(OptionCode option) {
        HandshakeClient client = HandshakeClient.of("disk");
        assertError(client.send(option, new byte[65537]), OptionReplyType.INVALID);
        assertEntered(client.go("disk"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    @DisplayName("HS-15: after 64 options, and 32 more for each export that was listed, the connection ends")
    void optionCount(int exportCount) {
        String[] names = new String[exportCount];
        for (int i = 0; i < exportCount; i++) {
            names[i] = "disk" + i;
        }
        HandshakeClient client = HandshakeClient.of(names);
        for (int i = 0; i < 64 + 32 * exportCount; i++) {
            // Listing again must not raise the limit again.
            assertThat(client.send(OptionCode.LIST)).isInstanceOf(Outcome.Haggle.class);
        }
        assertClosed(client.send(OptionCode.LIST));
    }

    @Test
    @DisplayName("HS-15: who does not list gets 64 options, bad ones included")
    void optionCountWithoutList() {
        HandshakeClient client = HandshakeClient.of("disk");
        for (int i = 0; i < 64; i++) {
            assertThat(client.send(77, new byte[3])).isInstanceOf(Outcome.Haggle.class);
        }
        assertClosed(client.go("disk"));
    }
}
