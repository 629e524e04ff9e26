package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedDisk;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("T11: other servers that pass the export on")
class ProxyTest {
    private static final int DISK_BYTES = 32 << 20;

    @RegisterExtension
    private final ServedDisk served = new ServedDisk(DISK_BYTES / MemoryDisk.BLOCK_BYTES);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path in;

    @BeforeEach
    void fill() throws IOException {
        byte[] bytes = new byte[DISK_BYTES];
        Random random = new Random(13);
        for (int start = 0; start < DISK_BYTES; start += 2 << 20) {
            byte[] piece = new byte[1 << 20];
            random.nextBytes(piece);
            System.arraycopy(piece, 0, bytes, start, piece.length);
        }
        in = Files.write(directory.resolve("in.raw"), bytes);
    }

    @Test
    @NeedsTool({"nbdkit", "nbdcopy"})
    @DisplayName("nbdkit passes a disk in and out, and finds with its filter that it holds what it should")
    void nbdkit() throws IOException {
        nbdkit("retry", "nbdcopy --flush '" + in + "' \"$uri\"");
        assertThat(served.disk().content()).isEqualTo(Files.readAllBytes(in));
        nbdkit("checkwrite", "nbdcopy '" + in + "' \"$uri\"");
        Path out = directory.resolve("out.raw");
        nbdkit("retry", "nbdcopy --connections=4 \"$uri\" '" + out + "'");
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    }

    private void nbdkit(String filter, String command) throws IOException {
        Tool.run(
                        "nbdkit",
                        "-U",
                        "-",
                        "nbd",
                        "uri=" + served.uri(),
                        "shared=true",
                        "--filter=" + filter,
                        "--run",
                        command)
                .ok();
    }

    @Test
    @NeedsTool({"qemu-nbd", "qemu-img"})
    @DisplayName("qemu-nbd passes a disk in, and what comes out is the same")
    void qemuNbd() throws IOException {
        qemuNbd("qemu-img convert -n -W -f raw -O raw '" + in + "'");
        assertThat(served.disk().content()).isEqualTo(Files.readAllBytes(in));
        qemuNbd("qemu-img compare -f raw -F raw '" + in + "'");
    }

    /** Runs a command with the address of a qemu-nbd as its last argument; the qemu-nbd ends with it. */
    private void qemuNbd(String command) throws IOException {
        Path socket = directory.resolve("socket");
        String there = "nbd+unix:///?socket=" + socket;
        Tool.run(
                        "sh",
                        "-c",
                        "qemu-nbd --fork -f raw -k '" + socket + "' '" + served.uri() + "' && " + command + " '" + there
                                + "'")
                .ok();
    }
}
