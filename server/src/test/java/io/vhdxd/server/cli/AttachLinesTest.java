package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class AttachLinesTest {
    @Test
    void tcp() {
        assertThat(new AttachLines(new ListenAddress.Tcp("127.0.0.1", 10809), null).of("disk", false))
                .containsExactly(
                        "nbd-client 127.0.0.1 10809 /dev/nbd0 -name disk",
                        "qemu-system-x86_64 -drive file=nbd://127.0.0.1:10809/disk,format=raw,if=virtio",
                        "qemu-img info nbd://127.0.0.1:10809/disk",
                        "nbdcopy nbd://127.0.0.1:10809/disk ./disk.raw");
    }

    @Test
    void readOnly() {
        assertThat(new AttachLines(new ListenAddress.Tcp("::1", 1), null).of("disk", true))
                .contains("nbd-client ::1 1 /dev/nbd0 -name disk")
                .contains("qemu-system-x86_64 -drive 'file=nbd://[::1]:1/disk,format=raw,if=virtio,readonly=on'");
    }

    @Test
    void unixSocket() {
        assertThat(new AttachLines(new ListenAddress.Unix(Path.of("/run/a b,c.sock")), null).of("disk", false))
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
        assertThat(new AttachLines(new ListenAddress.Tcp("0.0.0.0", 1), null).uri("d"))
                .isEqualTo("nbd://127.0.0.1:1/d");
        assertThat(new AttachLines(new ListenAddress.Tcp("::", 1), null).uri("d"))
                .isEqualTo("nbd://[::1]:1/d");
    }

    @Test
    @DisplayName("Odd characters are encoded for the URI, and quoted for the shell")
    void oddNames() {
        assertThat(new AttachLines(new ListenAddress.Tcp("h", 1), null).uri("a b/c?d%e,ß"))
                .isEqualTo("nbd://h:1/a%20b%2Fc%3Fd%25e%2C%C3%9F");
        assertThat(new AttachLines(new ListenAddress.Tcp("h", 1), null).of("it's $HOME", false))
                .contains("nbd-client h 1 /dev/nbd0 -name 'it'\\''s $HOME'")
                .contains("nbdcopy nbd://h:1/it%27s%20%24HOME './it'\\''s $HOME.raw'");
    }

    @Test
    @DisplayName("With TLS, each program is told its own way where the client's certificate is")
    void tls() {
        assertThat(new AttachLines(new ListenAddress.Tcp("h", 1), Path.of("/etc/a,b")).of("d", false))
                .containsExactly(
                        "nbd-client h 1 /dev/nbd0 -name d -certfile /etc/a,b/client-cert.pem"
                                + " -keyfile /etc/a,b/client-key.pem -cacertfile /etc/a,b/ca-cert.pem",
                        "qemu-system-x86_64 -object tls-creds-x509,id=tls0,endpoint=client,dir=/etc/a,,b -drive"
                                + " file.driver=nbd,file.server.type=inet,file.server.host=h,file.server.port=1"
                                + ",file.export=d,file.tls-creds=tls0,format=raw,if=virtio",
                        "qemu-img info --object tls-creds-x509,id=tls0,endpoint=client,dir=/etc/a,,b --image-opts"
                                + " driver=nbd,server.type=inet,server.host=h,server.port=1,export=d,tls-creds=tls0",
                        "nbdcopy 'nbds://h:1/d?tls-certificates=/etc/a%2Cb' ./d.raw");
    }
}
