package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AttachLinesTest {
    @Test
    void tcp() {
        assertThat(AttachLines.of(new ListenAddress.Tcp("127.0.0.1", 10809), "disk", false))
                .containsExactly(
                        "nbd-client 127.0.0.1 10809 /dev/nbd0 -name disk",
                        "qemu-system-x86_64 -drive file=nbd://127.0.0.1:10809/disk,format=raw,if=virtio",
                        "qemu-img info nbd://127.0.0.1:10809/disk",
                        "nbdcopy nbd://127.0.0.1:10809/disk ./disk.raw");
    }

    @Test
    void readOnly() {
        assertThat(AttachLines.of(new ListenAddress.Tcp("::1", 1), "disk", true))
                .contains("nbd-client ::1 1 /dev/nbd0 -name disk")
                .contains("qemu-system-x86_64 -drive 'file=nbd://[::1]:1/disk,format=raw,if=virtio,readonly=on'");
    }

    @Test
    void unixSocket() {
        assertThat(AttachLines.of(new ListenAddress.Unix(Path.of("/run/a b,c.sock")), "disk", false))
                .containsExactly(
                        "nbd-client -unix '/run/a b,c.sock' /dev/nbd0 -name disk",
                        "qemu-system-x86_64 -drive"
                                + " 'file=nbd+unix:///disk?socket=/run/a%20b%2Cc.sock,format=raw,if=virtio'",
                        "qemu-img info 'nbd+unix:///disk?socket=/run/a%20b%2Cc.sock'",
                        "nbdcopy 'nbd+unix:///disk?socket=/run/a%20b%2Cc.sock' ./disk.raw");
    }

    @Test
    @DisplayName("Who listens everywhere is reached on this machine")
    void wildcard() {
        assertThat(AttachLines.uri(new ListenAddress.Tcp("0.0.0.0", 1), "d")).isEqualTo("nbd://127.0.0.1:1/d");
        assertThat(AttachLines.uri(new ListenAddress.Tcp("::", 1), "d")).isEqualTo("nbd://[::1]:1/d");
    }

    @Test
    @DisplayName("Odd characters are encoded for the URI, and quoted for the shell")
    void oddNames() {
        assertThat(AttachLines.uri(new ListenAddress.Tcp("h", 1), "a b/c?d%e,ß"))
                .isEqualTo("nbd://h:1/a%20b%2Fc%3Fd%25e%2C%C3%9F");
        assertThat(AttachLines.of(new ListenAddress.Tcp("h", 1), "it's $HOME", false))
                .contains("nbd-client h 1 /dev/nbd0 -name 'it'\\''s $HOME'")
                .contains("nbdcopy nbd://h:1/it%27s%20%24HOME './it'\\''s $HOME.raw'");
    }
}
