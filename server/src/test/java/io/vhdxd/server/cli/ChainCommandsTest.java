package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("commands on chains of differencing images")
class ChainCommandsTest {
    private static final int MIB = 1 << 20;
    private static final int BLOCKS = 8;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path top;

    /** What the top of the chain reads: blocks of the base, of the middle, of its own, and zeros. */
    private final byte[] content = new byte[BLOCKS * MIB];

    private static CommandLineRun succeed(Object... args) {
        CommandLineRun run = CommandLineRun.of(args);
        assertThat(run.exitCode()).as(run.err() + run.out()).isZero();
        return run;
    }

    private static byte[] block(int value) {
        byte[] bytes = new byte[MIB];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private Path child(String name, String parent) {
        Path file = directory.resolve(name);
        succeed("create", file, "--type", "differencing", "--parent", directory.resolve(parent), "--block-size", "1M");
        return file;
    }

    @BeforeEach
    void create() throws IOException {
        for (int block = 0; block < BLOCKS; block++) {
            Arrays.fill(content, block * MIB, (block + 1) * MIB, (byte) (1 + block));
        }
        Path raw = Files.write(directory.resolve("base.raw"), content);
        succeed("convert", raw, directory.resolve("base.vhdx"), "--block-size", "1M", "-q");
        ImageBytes.of(child("middle.vhdx", "base.vhdx")).append(2, block(0x22));
        top = child("top.vhdx", "middle.vhdx");
        ImageBytes own = ImageBytes.of(top);
        own.append(3, block(0x33));
        own.setBlock(4, 2, 0);
        Arrays.fill(content, 2 * MIB, 3 * MIB, (byte) 0x22);
        Arrays.fill(content, 3 * MIB, 4 * MIB, (byte) 0x33);
        Arrays.fill(content, 4 * MIB, 5 * MIB, (byte) 0);
    }

    private void moveMiddle() throws IOException {
        Path other = Files.createDirectories(directory.resolve("other"));
        Files.move(directory.resolve("middle.vhdx"), other.resolve("middle.vhdx"));
        Files.move(directory.resolve("base.vhdx"), other.resolve("base.vhdx"));
    }

    private byte[] flattened(Object... options) throws IOException {
        Path flat = directory.resolve("flat.raw");
        Object[] command = {"convert", top, flat, "-q"};
        Object[] all = Arrays.copyOf(command, command.length + options.length);
        System.arraycopy(options, 0, all, command.length, options.length);
        succeed(all);
        byte[] bytes = Files.readAllBytes(flat);
        Files.delete(flat);
        return bytes;
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("convert flattens a chain of three, to raw and to an image that QEMU reads")
    void flatten() throws IOException {
        assertThat(succeed("check", top).out()).contains("sound");
        assertThat(flattened()).isEqualTo(content);
        Path flat = directory.resolve("flat.vhdx");
        succeed("convert", top, flat, "-q");
        Path raw = Files.write(directory.resolve("expected.raw"), content);
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw.toString(), flat.toString())
                .ok();
        assertThat(succeed("info", flat).out()).contains("dynamic");
    }

    @Test
    @DisplayName("a chain that was moved is found with --parent, and after set-parent without it")
    void moved() throws IOException {
        moveMiddle();
        Path middle = directory.resolve("other/middle.vhdx");
        CommandLineRun lost = CommandLineRun.of("check", top);
        assertThat(lost.exitCode()).isEqualTo(65);
        assertThat(lost.out()).contains("tried relative_path", "no such file");
        assertThat(succeed("check", top, "--parent", middle).out()).contains("sound");
        assertThat(flattened("--parent", middle)).isEqualTo(content);
        CommandLineRun set = succeed("set-parent", top, "--parent", middle, "--json");
        assertThat(set.out()).contains("\"relative_path\" : \".\\\\other\\\\middle.vhdx\"");
        assertThat(flattened()).isEqualTo(content);
    }

    @Test
    @DisplayName("a path on Windows means something only by --map-path")
    void mapped() throws IOException {
        moveMiddle();
        Path other = directory.resolve("other");
        String mapping = "D:\\vm=" + other;
        succeed("set-parent", top, "--parent", other.resolve("middle.vhdx"), "--map-path", mapping);
        Path elsewhere = Files.createDirectories(directory.resolve("elsewhere/deep"));
        top = Files.move(top, elsewhere.resolve("top.vhdx"));
        assertThat(CommandLineRun.of("check", top).exitCode()).isEqualTo(65);
        assertThat(succeed("check", top, "--map-path", mapping).out()).contains("sound");
        assertThat(flattened("--map-path", mapping)).isEqualTo(content);
        assertThat(CommandLineRun.of("check", top, "--map-path", "vm=x").exitCode())
                .isEqualTo(2);
    }

    @Test
    @DisplayName("set-parent refuses a parent that was changed, unless its identity is to be ignored")
    void changedParent() throws IOException {
        Path middle = directory.resolve("middle.vhdx");
        Path copy = Files.copy(directory.resolve("base.vhdx"), directory.resolve("copy.vhdx"));
        succeed("resize", copy, "9M");
        CommandLineRun refused = CommandLineRun.of("set-parent", middle, "--parent", copy);
        assertThat(refused.exitCode()).isEqualTo(66);
        assertThat(refused.err()).contains("was changed after its child was made");
        assertThat(succeed("set-parent", middle, "--parent", copy, "--ignore-parent-id")
                        .out())
                .contains("not the one that it was made from");
        // What the middle reads may be something else now, so its own child is told.
        assertThat(CommandLineRun.of("check", top).exitCode()).isEqualTo(65);
        assertThat(succeed("check", middle).out()).contains("sound");
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("merge: the middle goes into the base, which QEMU then reads as the middle was")
    void merge() throws IOException {
        Path middle = directory.resolve("middle.vhdx");
        Path expected = directory.resolve("middle.raw");
        succeed("convert", middle, expected, "-q");
        CommandLineRun run = succeed("merge", middle, "-q");
        assertThat(run.out()).contains("1 MiB copied", "Other children", "kept; it reads as before");
        Path base = directory.resolve("base.vhdx");
        Tool.run("qemu-img", "check", "-f", "vhdx", base.toString()).ok();
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", expected.toString(), base.toString())
                .ok();
        assertThat(flattened()).isEqualTo(content);
        assertThat(succeed("merge", middle, "--delete-child", "--json").out()).contains("\"child-deleted\" : true");
        assertThat(middle).doesNotExist();
        succeed("set-parent", top, "--parent", base, "--ignore-parent-id");
        assertThat(flattened()).isEqualTo(content);
        assertThat(CommandLineRun.of("merge", base).exitCode()).isEqualTo(65);
    }

    @Test
    @DisplayName("resize and compact: a child that was cut and grows again never shows its parent there")
    void resizeAndCompact() throws IOException {
        CommandLineRun refused = CommandLineRun.of("resize", top, "3584K", "-q");
        assertThat(refused.exitCode()).isEqualTo(77);
        assertThat(refused.err())
                .contains("data at offset 3670016, 524288 bytes", "data at offset 5242880, 3145728 bytes");
        assertThat(succeed("resize", top, "3584K", "--accept-data-loss", "-q").out())
                .contains("3670016");
        moveMiddle();
        CommandLineRun lost = CommandLineRun.of("resize", top, "10M");
        assertThat(lost.exitCode()).isNotZero();
        assertThat(lost.err()).contains("tried relative_path");
        succeed("resize", top, "10M", "--parent", directory.resolve("other/middle.vhdx"));
        assertThat(succeed("compact", top, "--zeros", "-q").out()).contains("0 of zeros given up");
        assertThat(succeed("check", top, "--parent", directory.resolve("other/middle.vhdx"))
                        .out())
                .contains("sound");
        byte[] expected = Arrays.copyOf(Arrays.copyOf(content, 3584 << 10), 10 * MIB);
        assertThat(flattened("--parent", directory.resolve("other/middle.vhdx")))
                .isEqualTo(expected);
    }

    @Test
    @DisplayName("dump-log: the log of a server that was killed is in use, and its entries are those to be replayed")
    void dirtyLog() throws IOException {
        Path image = directory.resolve("base.vhdx");
        succeed("resize", image, "64M");
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            try (NbdClient client = NbdClient.simple(server.address(), "base")) {
                client.write(0, 1, 20L * MIB, block(0x55));
                assertThat(client.chunk().error()).isZero();
            }
            server.kill();
            server.awaitEnd();
        }
        assertThat(succeed("dump-log", image).out())
                .contains("in use with GUID", "valid, to be replayed", "page 4096 bytes at offset");
        assertThat(succeed("dump-log", "--json", image).out()).contains("\"active\" : true", "\"log-guid\"");
        assertThat(succeed("check", image).out()).contains("are not replayed yet");
        assertThat(succeed("check", "--repair", image).out()).contains("repaired: log:", "entries were replayed");
        assertThat(succeed("dump-log", image).out()).contains("not in use");
    }
}
