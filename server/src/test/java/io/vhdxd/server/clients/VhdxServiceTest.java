package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Real clients, with an image behind a server in a process of its own")
class VhdxServiceTest {
    private static final boolean DEEP = Boolean.getBoolean("vhdxd.deep");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"dynamic", "fixed"})
    @NeedsTool({"qemu-img", "nbdcopy"})
    @DisplayName("Shown by 3, T3: random data goes in and comes out the same, for us and for QEMU offline")
    void convertAndCompare(String type) throws IOException {
        Path image = create("64M", "--type", type, "--block-size", "2M");
        Path in = sparseRandomFile(64 << 20);
        Path out = directory.resolve("out.raw");
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            Tool.run(
                            "qemu-img",
                            "convert",
                            "-n",
                            "-W",
                            "-m",
                            "16",
                            "-f",
                            "raw",
                            "-O",
                            "raw",
                            in.toString(),
                            server.uri())
                    .ok();
            Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", in.toString(), server.uri())
                    .ok();
            Tool.run("nbdcopy", server.uri(), out.toString()).ok();
            assertThat(server.stop("TERM")).as(server.log()).isZero();
        }
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
        Tool.run("qemu-img", "check", "-f", "vhdx", image.toString()).ok();
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", in.toString(), image.toString())
                .ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"dynamic", "fixed"})
    @NeedsTool({"nbdinfo", "qemu-img", "qemu-io", "jq", "python3-libnbd"})
    @DisplayName("Shown by 3, T4, MC-13: nbdinfo, qemu-img and vhdxd tell the same map, and its zeros are zeros")
    void maps(String type) throws IOException {
        Path image = create("256M", "--type", type, "--block-size", "1M");
        String nbdinfo;
        String qemuImg;
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
            Random random = new Random(3);
            for (int i = 0; i < 40; i++) {
                command.addAll(List.of("-c", "write -P 7 " + random.nextInt(255) + "M 1024k"));
                command.addAll(List.of("-c", "discard " + random.nextInt(255) + "M 1024k"));
            }
            command.add(server.uri());
            Tool.run(command, Map.of(), "").ok();
            nbdinfo = Tool.run("nbdinfo", "--map", server.uri()).ok().out();
            qemuImg = Tool.run("qemu-img", "map", "-f", "raw", "--output=json", server.uri())
                    .ok()
                    .out();
            ToldZeros.assertZero(server.uri());
            assertThat(server.stop("TERM")).isZero();
        }
        String ours = Tool.run(ServedProcess.vhdxd(List.of("map", image.toString())), Map.of(), "")
                .ok()
                .out();
        assertThat(ours).isEqualTo(nbdinfo).contains("data");
        assertThat(ours.contains("hole,zero")).isEqualTo(type.equals("dynamic"));
        String filter = ".[] | \"\\(.start) \\(.length) \\(if .data then 0 else 3 end)\"";
        assertThat(Tool.run(List.of("jq", "-r", filter), Map.of(), qemuImg)
                        .ok()
                        .out()
                        .lines())
                .containsExactlyElementsOf(ours.lines()
                        .map(line -> line.strip().replaceAll(" +", " ").replaceAll(" [^ ]*$", ""))
                        .toList());
    }

    @Test
    @NeedsTool("nbdcopy")
    @DisplayName("Shown by 3: a mostly empty disk of 1 TiB is copied without its holes")
    void hugeAndEmpty() throws IOException {
        Path image = create("1T", "--block-size", "1M");
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            Tool.run(
                            "qemu-io",
                            "-f",
                            "raw",
                            "-c",
                            "write -P 1 700G 64k",
                            "-c",
                            "write -P 2 1099511562240 64k",
                            server.uri())
                    .ok();
            Path out = directory.resolve("out.raw");
            Tool.run("nbdcopy", server.uri(), out.toString()).ok();
            assertThat(out).hasSize(1L << 40);
            Tool.run(
                            "qemu-io",
                            "-f",
                            "raw",
                            "-c",
                            "read -P 1 700G 64k",
                            "-c",
                            "read -P 2 1099511562240 64k",
                            out.toString())
                    .ok();
            assertThat(server.stop("TERM")).isZero();
        }
    }

    @Test
    @NeedsTool({"fio", "qemu-img"})
    @DisplayName("Shown by 4, T5: what fio wrote over four connections verifies, also after a restart")
    void fio() throws IOException {
        Path image = create("1G", "--block-size", "1M");
        Path out = directory.resolve("out.raw");
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            fio(server, "--rw=randrw", "--do_verify=1");
            fio(server, "--rw=randtrimwrite", "--offset=512m", "--do_verify=1");
            assertThat(server.stop("TERM")).as(server.log()).isZero();
        }
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            fio(server, "--rw=randrw", "--verify_only");
            Tool.run("nbdcopy", server.uri(), out.toString()).ok();
            assertThat(server.stop("TERM")).isZero();
        }
        Tool.run("qemu-img", "check", "-f", "vhdx", image.toString()).ok();
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", out.toString(), image.toString())
                .ok();
    }

    private void fio(ServedProcess server, String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                "fio",
                "--name=verify",
                "--ioengine=nbd",
                "--uri=" + server.uri(),
                "--bs=4k",
                "--size=" + (DEEP ? "100m" : "8m"),
                "--offset_increment=100m",
                "--numjobs=4",
                "--iodepth=16",
                "--verify=crc32c",
                "--verify_state_save=0",
                "--randseed=1",
                "--group_reporting"));
        command.addAll(Arrays.asList(options));
        Tool.Result result = Tool.run(command, Map.of(), "");
        assertThat(result.exitCode())
                .as(result.out() + result.err() + server.log())
                .isZero();
    }

    @Test
    @NeedsTool({"strace", "python3-libnbd"})
    @DisplayName("Shown by 7: a flush behind 64 new blocks makes one fdatasync")
    void oneSyncPerFlush() throws IOException {
        Path image = create("256M", "--block-size", "1M");
        Path trace = directory.resolve("strace");
        List<String> command = new ArrayList<>(
                List.of("strace", "-f", "-qq", "-e", "trace=fdatasync,fsync,sync_file_range", "-o", trace.toString()));
        command.addAll(ServedProcess.vhdxd(List.of("serve", "-l", "127.0.0.1:0", image.toString())));
        String script = """
                import nbd, sys
                h = nbd.NBD()
                h.connect_uri(sys.argv[1])
                def syncs():
                    return sum(1 for line in open(sys.argv[2]) if 'sync(' in line)
                h.pwrite(bytes(range(256)) * 16, 0)
                h.flush()
                for i in range(1, 65):
                    h.pwrite(bytes([i]) * 4096, i << 20)
                before = syncs()
                h.flush()
                after = syncs()
                for i in range(1, 65):
                    assert h.pread(4096, i << 20) == bytes([i]) * 4096
                print(after - before)
                h.shutdown()
                """;
        try (ServedProcess server = ServedProcess.startAs(directory, command)) {
            Tool.Result result = Tool.run("/usr/bin/python3", "-c", script, server.uri(), trace.toString())
                    .ok();
            assertThat(result.out().strip()).isEqualTo("1");
        }
    }

    private Path create(String size, String... options) throws IOException {
        Path image = directory.resolve("disk.vhdx");
        List<String> arguments = new ArrayList<>(List.of("create", image.toString(), size));
        arguments.addAll(Arrays.asList(options));
        Tool.run(ServedProcess.vhdxd(arguments), Map.of(), "").ok();
        return image;
    }

    /** Half of it is random, the other half are zeros, in pieces of different sizes. */
    private Path sparseRandomFile(int length) throws IOException {
        byte[] bytes = new byte[length];
        Random random = new Random(11);
        for (int start = 0; start < length; ) {
            int end = Math.min(length, start + 1 + random.nextInt(3 << 20));
            if (random.nextBoolean()) {
                byte[] piece = new byte[end - start];
                random.nextBytes(piece);
                System.arraycopy(piece, 0, bytes, start, piece.length);
            }
            start = end;
        }
        return Files.write(directory.resolve("in.raw"), bytes);
    }
}
