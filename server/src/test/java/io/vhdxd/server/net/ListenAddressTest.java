package io.vhdxd.server.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenAddressTest {
    @Test
    void tcp() {
        assertThat(ListenAddress.parse("127.0.0.1:10809")).isEqualTo(new ListenAddress.Tcp("127.0.0.1", 10809));
        assertThat(ListenAddress.parse("some.host:0")).isEqualTo(new ListenAddress.Tcp("some.host", 0));
        assertThat(ListenAddress.parse("[::1]:65535")).isEqualTo(new ListenAddress.Tcp("::1", 65535));
        assertThat(ListenAddress.parse("[::1]:65535")).hasToString("[::1]:65535");
    }

    @Test
    void unix() {
        assertThat(ListenAddress.parse("unix:/run/a b.sock"))
                .isEqualTo(new ListenAddress.Unix(Path.of("/run/a b.sock")));
        assertThat(ListenAddress.parse("unix:here"))
                .isEqualTo(new ListenAddress.Unix(Path.of("here").toAbsolutePath()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "host", "host:", ":1", "host:x", "host:-1", "host:65536", "::1:5", "[]:5", "unix:"})
    void neither(String text) {
        assertThatThrownBy(() -> ListenAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + text + "'")
                .hasMessageContaining("expected");
    }
}
