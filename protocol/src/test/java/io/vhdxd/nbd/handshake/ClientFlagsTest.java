package io.vhdxd.nbd.handshake;

import static io.vhdxd.nbd.handshake.HandshakeClient.assertClosed;
import static io.vhdxd.nbd.handshake.HandshakeClient.assertEntered;
import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.HandshakeFlags;
import io.vhdxd.nbd.OptionCode;
import io.vhdxd.nbd.TestExports;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientFlagsTest {
    private static final byte[] NAME = "disk".getBytes(StandardCharsets.UTF_8);

    @Test
    @DisplayName("HS-03: the server offers fixed newstyle without zeroes, and nothing else")
    void serverFlags() {
        assertThat(Handshake.SERVER_FLAGS).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 0x80000000, 7, -1})
    @DisplayName("HS-05: an unknown flag ends the connection")
    void unknownFlag(int flags) {
        assertClosed(new Handshake(TestExports.of("disk"), TlsMode.OFF).clientFlags(flags));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "EXPORT_NAME")
    @DisplayName("HS-06: without fixed newstyle, every option but EXPORT_NAME ends the connection")
    void otherOptionWithoutFixedNewstyle(OptionCode option) {
        for (int flags : new int[] {0, HandshakeFlags.NO_ZEROES}) {
            assertClosed(new HandshakeClient(TestExports.of("disk"), flags).send(option, NAME));
        }
    }

    @Test
    @DisplayName("HS-06, SEC-22: the same with an unknown option that has data")
    void unknownOptionWithoutFixedNewstyle() {
        assertClosed(new HandshakeClient(TestExports.of("disk"), 0).send(77, new byte[5000]));
    }

    @Test
    @DisplayName("HS-06, HS-07: without fixed newstyle, EXPORT_NAME works, and NO_ZEROES is what the client said")
    void exportNameWithoutFixedNewstyle() {
        for (int flags : new int[] {0, HandshakeFlags.NO_ZEROES}) {
            Outcome outcome = new HandshakeClient(TestExports.of("disk"), flags).send(OptionCode.EXPORT_NAME, NAME);
            assertThat(assertEntered(outcome).noZeroes()).isEqualTo(flags != 0);
        }
    }
}
