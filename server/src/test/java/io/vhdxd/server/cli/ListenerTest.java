package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.PassedSocket;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

@DisplayName("What a server listens on, of what it was asked for and what it was passed")
class ListenerTest {
    private static final List<ListenSpec> FALLBACK = specs("127.0.0.1:10809");
    private static final TlsOptions PLAIN = tls();
    private static final TlsOptions ENCRYPTED = tls("--tls-certificates", "/etc/tls");

    @Test
    @DisplayName("The default address only if there is nothing else")
    void fallback() {
        assertThat(Listener.of(List.of(), List.of(), FALLBACK, PLAIN))
                .containsExactly(listener("127.0.0.1:10809", TlsMode.OFF, null));
        assertThat(Listener.of(List.of(), specs("unix:/run/a"), FALLBACK, PLAIN))
                .containsExactly(listener("unix:/run/a", TlsMode.OFF, null));
        PassedSocket passed = passed("unix:/run/b");
        assertThat(Listener.of(List.of(passed), List.of(), FALLBACK, PLAIN))
                .containsExactly(listener("unix:/run/b", TlsMode.OFF, passed));
    }

    @Test
    @DisplayName("A passed socket has the TLS mode of its address, and without one that of most addresses")
    void tlsModes() {
        PassedSocket local = passed("unix:/run/a");
        PassedSocket net = passed("0.0.0.0:10809");
        assertThat(Listener.of(
                        List.of(net, local), specs("unix:/run/a,tls=off", "127.0.0.1:1,tls=on"), FALLBACK, ENCRYPTED))
                .containsExactly(
                        listener("0.0.0.0:10809", TlsMode.REQUIRE, net),
                        listener("unix:/run/a", TlsMode.OFF, local),
                        listener("127.0.0.1:1", TlsMode.ON, null));
    }

    private static Listener listener(String address, TlsMode mode, @Nullable PassedSocket passed) {
        return new Listener(address(address), mode, passed);
    }

    private static PassedSocket passed(String address) {
        return new PassedSocket(3, "s", address(address));
    }

    private static ListenAddress address(String text) {
        return ListenSpec.parse(text).address();
    }

    private static List<ListenSpec> specs(String... texts) {
        return Arrays.stream(texts).map(ListenSpec::parse).toList();
    }

    private static TlsOptions tls(String... arguments) {
        TlsOptions options = new TlsOptions();
        CommandLine line = new CommandLine(CommandLine.Model.CommandSpec.create()
                .addMixin("tls", CommandLine.Model.CommandSpec.forAnnotatedObject(options)));
        line.parseArgs(arguments);
        return options;
    }
}
