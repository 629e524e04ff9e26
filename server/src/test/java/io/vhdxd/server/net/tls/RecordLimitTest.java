package io.vhdxd.server.net.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsTool("openssl")
class RecordLimitTest {
    private static final int EXCHANGES_MAX = 100_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private TlsServer tls;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Certificates certificates;

    @BeforeEach
    void start() throws IOException {
        certificates = Certificates.make(directory);
        tls = TlsServer.large(640, certificates);
    }

    @AfterEach
    void stop() throws IOException {
        tls.close();
    }

    private NbdClient client() throws IOException {
        return tls.client(certificates.stranger(), TransmissionMode.SIMPLE);
    }

    @Test
    @DisplayName("SEC-33: a client that asks for new keys without end, and reads nothing, is dropped")
    void keyUpdates() throws IOException {
        try (NbdClient client = client()) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < EXCHANGES_MAX; i++) {
                            // In TLS 1.3 a new handshake is a request for new keys.
                            client.tls().startHandshake();
                        }
                    })
                    .isInstanceOf(IOException.class);
            Await.until(() -> tls.server.server().connectionCount() == 0);
        }
    }

    @Test
    @DisplayName("SEC-33: a client may exchange keys now and then")
    void nowAndThen() throws IOException {
        try (NbdClient client = client()) {
            for (int i = 0; i < RecordLimit.FREE_RECORDS + 20; i++) {
                client.tls().startHandshake();
                client.write(0, 1, 0, new byte[RecordLimit.BYTES_PER_RECORD]);
                assertThat(client.outcome()).isZero();
            }
        }
    }

    @Test
    @DisplayName("SEC-33: many small requests in one segment are as many records with data")
    void smallRequests() throws IOException {
        try (NbdClient client = client()) {
            for (int i = 0; i < 10 * RecordLimit.FREE_RECORDS; i++) {
                client.write(0, i, 0, new byte[1]);
            }
            for (int i = 0; i < 10 * RecordLimit.FREE_RECORDS; i++) {
                assertThat(client.outcome()).isZero();
            }
        }
    }
}
