package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.nbd.OptionCode;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsTool({"openssl", "nbdinfo", "nbdcopy", "qemu-img", "qemu-io", "nbd-client"})
@DisplayName("T10: real clients, with a server that requires TLS and their certificates")
class TlsClientsTest {
    private static final int SIZE = 64 << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path directory;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static Certificates certificates;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static Certificates others;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static ServedProcess server;

    @BeforeAll
    static void start() throws IOException {
        certificates = Certificates.make(directory.resolve("own"));
        others = Certificates.make(directory.resolve("others"));
        server = ServedProcess.start(
                directory,
                "-l",
                "unix:" + directory.resolve("socket"),
                "--tls-certificates",
                certificates.directory().toString(),
                "--tls-verify-peer",
                "--create",
                "64M",
                directory.resolve("disk.vhdx").toString());
    }

    @AfterAll
    static void stop() throws IOException {
        assertThat(server.stop("TERM")).isZero();
        server.close();
    }

    private static String uri(Path certificateDirectory) {
        ListenAddress.Tcp tcp = (ListenAddress.Tcp) server.address();
        return "nbds://localhost:" + tcp.port() + "/disk?tls-certificates=" + certificateDirectory;
    }

    private static String uri() {
        return uri(certificates.directory());
    }

    /** The printed lines that begin with a word, of both listeners. */
    private static List<String> printed(String program) {
        List<String> lines = server.lines().stream()
                .map(String::strip)
                .filter(line -> line.startsWith(program + " "))
                .toList();
        assertThat(lines).hasSize(2);
        return lines;
    }

    private static Tool.Result shell(String line) throws IOException {
        return Tool.run(
                List.of("sh", "-c", "cd '" + directory + "' && " + line),
                Map.of("PATH", System.getenv("PATH") + ":/usr/sbin:/sbin"),
                "");
    }

    @Test
    @DisplayName("nbdinfo: the connection is encrypted, and the export is what it is")
    void nbdinfo() throws IOException {
        assertThat(Tool.run("nbdinfo", uri()).ok().out())
                .contains("with TLS", "export=\"disk\"", "export-size: " + SIZE, "base:allocation");
        assertThat(Tool.run("nbdinfo", "--list", uri()).ok().out()).contains("export=\"disk\"");
    }

    @Test
    @DisplayName("nbdcopy over four connections, there and back")
    void nbdcopy() throws IOException {
        byte[] bytes = new byte[SIZE];
        new Random(10).nextBytes(bytes);
        Path in = Files.write(directory.resolve("in"), bytes);
        Path out = directory.resolve("out");
        Tool.run("nbdcopy", "--connections=4", "--flush", in.toString(), uri()).ok();
        Tool.run("nbdcopy", "--connections=4", uri(), out.toString()).ok();
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
        Tool.run(
                        "qemu-img",
                        "compare",
                        "--object",
                        qemuCredentials(),
                        "--image-opts",
                        "driver=raw,file.filename=" + in,
                        qemuImage())
                .ok();
    }

    private static String qemuCredentials() {
        return "tls-creds-x509,id=tls0,endpoint=client,dir=" + certificates.directory();
    }

    private static String qemuImage() {
        ListenAddress.Tcp tcp = (ListenAddress.Tcp) server.address();
        return "driver=raw,file.driver=nbd,file.server.type=inet,file.server.host=127.0.0.1,file.server.port="
                + tcp.port() + ",file.export=disk,file.tls-creds=tls0";
    }

    @Test
    @DisplayName("qemu-io writes, zeroes, discards, flushes and reads")
    void qemuIo() throws IOException {
        Tool.Result result = Tool.run(
                        "qemu-io",
                        "--object",
                        qemuCredentials(),
                        "--image-opts",
                        qemuImage(),
                        "-c",
                        "write -P 0x5a 3M 2M",
                        "-c",
                        "write -z -u 4M 64k",
                        "-c",
                        "discard 3M 64k",
                        "-c",
                        "flush",
                        "-c",
                        "read -P 0 4M 64k",
                        "-c",
                        "read -P 0x5a 4160k 832k")
                .ok();
        assertThat(result.out()).doesNotContain("failed");
    }

    @Test
    @DisplayName("TLS-12: the printed lines work as printed, over TCP and a Unix socket")
    void printedLines() throws IOException {
        for (String line : printed("qemu-img")) {
            assertThat(shell(line).ok().out()).contains("virtual size: 64 MiB");
        }
        for (String line : printed("nbdcopy")) {
            shell(line).ok();
            assertThat(directory.resolve("disk.raw")).hasSize(SIZE);
        }
        for (String line : printed("nbd-client")) {
            // Without a kernel's module it can only list.
            String listing = line.replace("nbd-client ", "nbd-client -l ").replace("/dev/nbd0 -name disk ", "");
            assertThat(shell(listing).ok().out()).contains("disk");
        }
        for (String line : printed("qemu-system-x86_64")) {
            // What a virtual machine would be given, to a program that knows the same options.
            String drive = line.replaceFirst(
                    "qemu-system-x86_64 -object (.*) -drive (.*),format=raw,if=virtio('?)$",
                    "qemu-io -c 'read 0 512' --object $1 --image-opts $2,driver=raw$3");
            assertThat(drive).startsWith("qemu-io");
            shell(drive).ok();
        }
    }

    @Test
    @DisplayName("Who has no certificate, or one of another authority, or believes in another one, does not get in")
    void refused() throws IOException {
        Path stranger = Files.createDirectories(directory.resolve("stranger"));
        Files.copy(certificates.file("ca-cert.pem"), stranger.resolve("ca-cert.pem"));
        Path impostor = Files.createDirectories(directory.resolve("impostor"));
        Files.copy(certificates.file("ca-cert.pem"), impostor.resolve("ca-cert.pem"));
        Files.copy(others.file("client-cert.pem"), impostor.resolve("client-cert.pem"));
        Files.copy(others.file("client-key.pem"), impostor.resolve("client-key.pem"));
        for (Path wrong : List.of(stranger, impostor, others.directory())) {
            assertThat(Tool.run("nbdinfo", uri(wrong)).exitCode())
                    .as("%s", wrong)
                    .isNotZero();
        }
        assertThat(server.log()).contains("The TLS handshake failed").doesNotContain("ERROR");
        Tool.run("nbdinfo", uri()).ok();
    }

    @Test
    @DisplayName("Pre-shared keys are not to be had from the JDK: who has nothing else does not get in")
    void preSharedKey() throws Exception {
        assertThat(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites())
                .isNotEmpty()
                .noneMatch(suite -> suite.contains("PSK"));
        Path keys = Files.writeString(directory.resolve("keys.psk"), "alice:0123456789abcdef0123456789abcdef\n");
        ListenAddress.Tcp tcp = (ListenAddress.Tcp) server.address();
        String uri = "nbds://alice@localhost:" + tcp.port() + "/disk?tls-psk-file=" + keys;
        Tool.Result refused = Tool.run("nbdinfo", uri);
        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.err()).contains("gnutls_handshake");
        Tool.run("nbdinfo", uri()).ok();
    }

    @Test
    @DisplayName("A client without TLS is told what is missing")
    void plain() throws IOException {
        Tool.Result result = Tool.run("qemu-img", "info", "nbd://" + server.address() + "/disk");
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.err()).contains("TLS");
    }

    @Test
    @DisplayName("SEC-33: a client cannot have the connection negotiated again (TLS 1.2)")
    void renegotiation() throws IOException {
        try (NbdClient client = NbdClient.connect(server.address())) {
            client.option(OptionCode.STARTTLS.wireValue(), new byte[0]);
            assertThat(client.optionReply()).isEqualTo(1);
            client.beginTls(certificates.client(), "TLSv1.2");
            client.go("disk");
            assertThatThrownBy(() -> {
                        client.tls().startHandshake();
                        client.read(0, 512);
                    })
                    .isInstanceOf(IOException.class);
        }
    }
}
