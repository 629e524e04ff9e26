package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedDisk;
import io.vhdxd.server.support.TestServer;
import io.vhdxd.server.support.Tool;
import io.vhdxd.vhdx.ExtentKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Real clients, with a disk in memory behind the server")
class InteropTest {
    private static final int BLOCK = MemoryDisk.BLOCK_BYTES;
    private static final int BLOCKS = 1024;

    @RegisterExtension
    private final ServedDisk served = new ServedDisk(BLOCKS);

    private final MemoryDisk disk = served.disk();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @NeedsTool({"nbdinfo", "jq"})
    @DisplayName("T1: nbdinfo sees what is announced")
    void nbdinfo() throws IOException {
        String json = Tool.run("nbdinfo", "--json", served.uri()).ok().out();
        String facts = Tool.run(
                        java.util.List.of(
                                "jq",
                                "-c",
                                ".structured, (.exports[0] | .[\"export-size\"], .description, .contexts, .can_cache,"
                                        + " .can_df, .can_fast_zero, .can_flush, .can_fua, .can_multi_conn, .can_trim,"
                                        + " .can_zero, .is_read_only, .block_size_minimum)"),
                        java.util.Map.of(),
                        json)
                .ok()
                .out();
        assertThat(facts.lines())
                .containsExactly(
                        "true",
                        String.valueOf(BLOCKS * (long) BLOCK),
                        "\"a disk in memory\"",
                        "[\"base:allocation\",\"qemu:allocation-depth\"]",
                        "true",
                        "true",
                        "true",
                        "true",
                        "true",
                        "true",
                        "true",
                        "true",
                        "false",
                        "1");
        assertThat(Tool.run("nbdinfo", "--list", "nbd://" + served.server().address())
                        .ok()
                        .out())
                .contains("export=\"disk\"", "a disk in memory");
    }

    @Test
    @NeedsTool("nbdinfo")
    @DisplayName("T4: nbdinfo --map tells the block map")
    void nbdinfoMap() throws IOException {
        disk.setBlock(1, ExtentKind.DATA);
        disk.setBlock(2, ExtentKind.DATA);
        assertThat(Tool.run("nbdinfo", "--map", served.uri())
                        .ok()
                        .out()
                        .lines()
                        .map(line -> line.trim().replaceAll(" +", " ")))
                .containsExactly(
                        "0 65536 3 hole,zero",
                        "65536 131072 0 data",
                        "196608 " + (BLOCKS - 3) * (long) BLOCK + " 3 hole,zero");
    }

    @ParameterizedTest
    @CsvSource({"1,1,false", "1,64,true", "4,64,false", "4,16,true", "16,64,false"})
    @NeedsTool("nbdcopy")
    @DisplayName("T2: nbdcopy writes random data and reads it back the same")
    void nbdcopy(int connections, int requests, boolean unixSocket) throws IOException {
        String target = unixSocket ? unixUri() : served.uri();
        Path in = randomFile();
        Path out = directory.resolve("out");
        String[] options = {"--connections=" + connections, "--requests=" + requests};
        Tool.run("nbdcopy", options[0], options[1], "--flush", in.toString(), target)
                .ok();
        assertThat(disk.content()).isEqualTo(Files.readAllBytes(in));
        Tool.run("nbdcopy", options[0], options[1], target, out.toString()).ok();
        assertThat(Files.mismatch(in, out)).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"False", "True"})
    @NeedsTool("python3-libnbd")
    @DisplayName("T2: libnbd writes random data and reads it back the same, with simple and with structured replies")
    void libnbdCopy(String structured) throws IOException {
        String script = """
                import nbd, os, sys
                h = nbd.NBD()
                h.set_request_structured_replies(%s)
                h.connect_uri(sys.argv[1])
                assert h.get_structured_replies_negotiated() == %s
                data = os.urandom(8 << 20)
                for i in range(0, len(data), 1 << 20):
                    h.pwrite(data[i : i + (1 << 20)], i + 777)
                for size in (1, 512, 4096, 65537, 1 << 20, len(data)):
                    for i in range(0, len(data) - size + 1, max(size, 1 << 20)):
                        assert h.pread(size, i + 777) == data[i : i + size]
                assert h.pread(1 << 20, 32 << 20) == bytes(1 << 20)
                h.shutdown()
                """.formatted(structured, structured);
        Tool.run("/usr/bin/python3", "-c", script, served.uri()).ok();
    }

    private String unixUri() throws IOException {
        Path socket = directory.resolve("socket");
        served.server().server().listen(new ListenAddress.Unix(socket));
        return "nbd+unix:///" + TestServer.EXPORT + "?socket=" + socket;
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("T3: qemu-img convert into the export and compare")
    void qemuImg() throws IOException {
        Path in = randomFile();
        Tool.run("qemu-img", "convert", "-n", "-W", "-m", "16", "-f", "raw", "-O", "raw", in.toString(), served.uri())
                .ok();
        assertThat(disk.content()).isEqualTo(Files.readAllBytes(in));
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", in.toString(), served.uri())
                .ok();
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("T4: qemu-img map agrees with the block map")
    void qemuImgMap() throws IOException {
        disk.setBlock(1, ExtentKind.DATA);
        String json = Tool.run("qemu-img", "map", "-f", "raw", "--output=json", served.uri())
                .ok()
                .out();
        assertThat(json.lines().map(line -> line.replaceAll("[\\[\\]{} \"]", "")))
                .anyMatch(line -> line.startsWith("start:65536,length:65536,") && line.contains("zero:false,data:true"))
                .anyMatch(line -> line.startsWith("start:0,length:65536,") && line.contains("zero:true,data:false"));
    }

    @Test
    @NeedsTool("qemu-io")
    @DisplayName("4.5: qemu-io writes, zeroes, discards and reads patterns, also unaligned and many at once")
    void qemuIo() throws IOException {
        String[] commands = {
            "write -P 0x5a 0 1M",
            "write -P 0xa5 -f 300000 70001",
            "aio_write -P 0x11 2M 64k",
            "aio_write -P 0x22 3M 64k",
            "aio_flush",
            "write -z 512k 128k",
            "write -z -u 4k 4k",
            "discard 64k 64k",
            "flush",
            "read -P 0x5a 0 4k",
            "read -P 0 4k 4k",
            "read -P 0 64k 64k",
            "read -P 0xa5 300000 70001",
            "read -P 0 512k 128k",
            "read -P 0x11 2M 64k",
            "read -P 0x22 3M 64k"
        };
        java.util.List<String> line =
                new java.util.ArrayList<>(java.util.List.of("qemu-io", "-f", "raw", "-t", "none"));
        for (String command : commands) {
            line.add("-c");
            line.add(command);
        }
        line.add(served.uri());
        Tool.Result result = Tool.run(line, java.util.Map.of(), "").ok();
        assertThat(result.out()).doesNotContain("failed");
    }

    @Test
    @NeedsTool("python3-libnbd")
    @DisplayName("T7, TF-07, OR-02: what one connection has written, another one reads and flushes")
    void multiConn() throws IOException {
        String script = """
                import nbd, os, sys
                a, b = nbd.NBD(), nbd.NBD()
                a.connect_uri(sys.argv[1])
                b.connect_uri(sys.argv[1])
                assert a.can_multi_conn()
                for i in range(500):
                    block = os.urandom(4096)
                    a.pwrite(block, i * 4096)
                    assert b.pread(4096, i * 4096) == block
                b.flush()
                a.zero(8192, 4096)
                assert b.pread(8192, 4096) == bytes(8192)
                b.trim(65536, 65536)
                assert a.pread(65536, 65536) == bytes(65536)
                a.shutdown()
                b.shutdown()
                """;
        Tool.run("/usr/bin/python3", "-c", script, served.uri()).ok();
    }

    @Test
    @NeedsTool("python3-libnbd")
    @DisplayName("T1, OP-17, OP-18, OP-19: libnbd is told the name of the default export, its description and sizes")
    void fullInfo() throws IOException {
        String script = """
                import nbd, sys
                h = nbd.NBD()
                h.set_full_info(True)
                h.connect_uri(sys.argv[1])
                print(h.get_canonical_export_name())
                print(h.get_export_description())
                print(*[h.get_block_size(i) for i in (nbd.SIZE_MINIMUM, nbd.SIZE_PREFERRED, nbd.SIZE_MAXIMUM)])
                h.shutdown()
                """;
        assertThat(Tool.run(
                                "/usr/bin/python3",
                                "-c",
                                script,
                                "nbd://" + served.server().address())
                        .ok()
                        .out()
                        .lines())
                .containsExactly("disk", "a disk in memory", "1 4096 33554432");
    }

    @Test
    @NeedsTool("fio")
    @DisplayName("4.7: fio verifies what it wrote, over four connections, with trims in between")
    void fio() throws IOException {
        Tool.run(
                        "fio",
                        "--name=verify",
                        "--ioengine=nbd",
                        "--uri=" + served.uri(),
                        "--rw=randrw",
                        "--bs=4k",
                        "--size=8m",
                        "--offset_increment=16m",
                        "--numjobs=4",
                        "--iodepth=16",
                        "--verify=crc32c",
                        "--verify_state_save=0",
                        "--io_size=8m",
                        "--randseed=1",
                        "--group_reporting")
                .ok();
    }

    @Test
    @NeedsTool("nbd-client")
    @DisplayName("T1: nbd-client lists the export")
    void nbdClient() throws IOException {
        ListenAddress.Tcp tcp = (ListenAddress.Tcp) served.server().address();
        Tool.Result result = Tool.run(
                java.util.List.of("sh", "-c", "nbd-client -l " + tcp.host() + " " + tcp.port()),
                java.util.Map.of("PATH", System.getenv("PATH") + ":/usr/sbin:/sbin"),
                "");
        assertThat(result.ok().out()).contains("disk");
    }

    private Path randomFile() throws IOException {
        byte[] bytes = new byte[BLOCKS * BLOCK];
        new Random(7).nextBytes(bytes);
        return Files.write(directory.resolve("in"), bytes);
    }
}
