package io.vhdxd.server.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.TransmissionFlags;
import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("What a connection is promised")
class AnnouncedFlagsTest {
    private static final int ALWAYS = TransmissionFlags.HAS_FLAGS
            | TransmissionFlags.SEND_FLUSH
            | TransmissionFlags.SEND_FUA
            | TransmissionFlags.CAN_MULTI_CONN
            | TransmissionFlags.SEND_CACHE;
    private static final int WRITABLE = ALWAYS
            | TransmissionFlags.SEND_TRIM
            | TransmissionFlags.SEND_WRITE_ZEROES
            | TransmissionFlags.SEND_FAST_ZERO;

    private static int flags(TestServer server, TransmissionMode mode) throws IOException {
        try (NbdClient client = NbdClient.connect(server.address())) {
            client.negotiate(mode);
            return client.exportName(TestServer.EXPORT);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SIMPLE", "STRUCTURED"})
    @DisplayName("TF-01, TF-03, TF-04, TF-05, TF-06, TF-08, TF-09, TF-11, OP-03: these flags and no others")
    void writable(TransmissionMode mode) throws IOException {
        try (TestServer server = TestServer.of(new MemoryDisk(1))) {
            assertThat(flags(server, mode)).isEqualTo(WRITABLE | (mode.hasChunks() ? TransmissionFlags.SEND_DF : 0));
        }
    }

    @Test
    @DisplayName("TF-02, TF-09: a read-only export announces that, and nothing that changes it")
    void readOnly() throws IOException {
        try (TestServer server = TestServer.readOnly(new MemoryDisk(1))) {
            assertThat(flags(server, TransmissionMode.SIMPLE)).isEqualTo(ALWAYS | TransmissionFlags.READ_ONLY);
        }
    }
}
