package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertError;
import static io.vhdxd.nbd.handshake.HandshakeClient.replies;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.OptionReplyType;
import io.vhdxd.nbd.TestExports;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnknownOptionTest {
    private final HandshakeClient client = HandshakeClient.of("disk");

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 12, 0x7654321, 0x7fffffff, 0x80000000, 0xffffffff})
    @DisplayName("HS-09, OP-07, CL-06: the answer is UNSUP, for the same option, whatever data comes with it")
    void unsupported(int option) {
        for (int length : new int[] {0, 1, 4096}) {
            Outcome outcome = client.send(option, new byte[length]);
            assertThat(assertError(outcome, OptionReplyType.UNSUP)).contains(Integer.toUnsignedString(option));
            assertThat(replies(outcome)).extracting(OptionReply::option).containsExactly(option);
        }
        assertEntered(client.go("disk"));
    }

    @Test
    @DisplayName("HS-10: the data of an unknown option is never kept")
    void dataIsSkipped() {
        Handshake handshake = new Handshake(new TestExports(), TlsMode.OFF);
        assertThat(handshake.dataPolicy(77, 1)).isEqualTo(DataPolicy.SKIP);
        assertThat(handshake.dataPolicy(77, 1 << 20)).isEqualTo(DataPolicy.SKIP);
        assertThat(handshake.dataPolicy(77, (1 << 20) + 1)).isEqualTo(DataPolicy.CLOSE);
    }

    @Test
    @DisplayName("TLS-02: STARTTLS is known, but forbidden")
    void startTls() {
        assertError(client.send(OptionCode.STARTTLS), OptionReplyType.POLICY);
        assertEntered(client.go("disk"));
    }
}
