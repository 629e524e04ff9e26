package io.vhdxd.server.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("NBD URIs")
class NbdUriTest {
    @ParameterizedTest
    @CsvSource({
        "nbd://host, host, 10809, ''",
        "nbd://host/, host, 10809, ''",
        "nbd://10.0.0.7:99/disk, 10.0.0.7, 99, disk",
        "nbd://[::1]:99/a%20b, ::1, 99, a b",
        "nbd://host//a/b, host, 10809, /a/b",
        "nbd://host/%C3%A9%2F, host, 10809, é/"
    })
    @DisplayName("a host, a port, the name of an export")
    void tcp(String text, String host, int port, String exportName) {
        assertThat(NbdUri.isMeantBy(text)).isTrue();
        assertThat(NbdUri.parse(text)).isEqualTo(new NbdUri(text, new NbdUri.Tcp(host, port), exportName));
    }

    @Test
    @DisplayName("a Unix socket")
    void unix() {
        String text = "nbd+unix:///disk?socket=/tmp/a%20b";
        assertThat(NbdUri.parse(text)).isEqualTo(new NbdUri(text, new NbdUri.Unix(Path.of("/tmp/a b")), "disk"));
        assertThat(NbdUri.parse("nbd+unix://?socket=s").exportName()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "nbds://host/disk, TLS is not spoken here",
        "nbds+unix:///?socket=s, TLS is not spoken here",
        "nbd+unix:///disk, no socket is named",
        "nbd+unix://host/disk?socket=s, no socket is named",
        "nbd:///disk, not a host and a port",
        "nbd://user@host/disk, not a host and a port",
        "nbd://host/disk?socket=s, not a host and a port",
        "nbd:host:10809, not an NBD URI",
        "nbd+vsock://1/disk, not an NBD URI",
        "nbd://ho st/, Illegal character"
    })
    @DisplayName("anything else is refused with a reason, and never taken for a file")
    void refused(String text, String reason) {
        assertThat(NbdUri.isMeantBy(text)).isTrue();
        assertThatThrownBy(() -> NbdUri.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(text, reason, "expected: nbd://");
    }

    @Test
    @DisplayName("files are files")
    void files() {
        assertThat(NbdUri.isMeantBy("nbd")).isFalse();
        assertThat(NbdUri.isMeantBy("nbd.vhdx")).isFalse();
        assertThat(NbdUri.isMeantBy("./nbd://host")).isFalse();
    }
}
