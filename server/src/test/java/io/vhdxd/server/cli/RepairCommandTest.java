package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("check --repair")
class RepairCommandTest {
    private static final int MIB = 1 << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path raw;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path image;

    @BeforeEach
    void create() throws IOException {
        raw = directory.resolve("disk.raw");
        byte[] content = new byte[8 * MIB];
        Arrays.fill(content, 0, MIB, (byte) 1);
        Arrays.fill(content, 5 * MIB, 6 * MIB, (byte) 2);
        Files.write(raw, content);
        image = directory.resolve("disk.vhdx");
        assertThat(CommandLineRun.of("convert", raw, image, "--block-size", "1M", "-q")
                        .exitCode())
                .isZero();
    }

    private void put(long offsetBytes, byte... bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(offsetBytes);
            file.write(bytes);
        }
    }

    private long batOffsetBytes() {
        Matcher found = Pattern.compile("\"bat-region\" : \\{\\s+\"offset-bytes\" : (\\d+)")
                .matcher(CommandLineRun.of("info", "--json", image).out());
        assertThat(found.find()).isTrue();
        return Long.parseLong(found.group(1));
    }

    /** The first block lies where the file is not. */
    private void loseFirstBlock() throws IOException {
        put(batOffsetBytes(), new byte[] {6, 0, 0, 0x70, 0, 0, 0, 0});
    }

    @Test
    @DisplayName("an image without a fault keeps every byte")
    void nothingToDo() throws IOException {
        Path before = Files.copy(image, directory.resolve("before"));
        CommandLineRun run = CommandLineRun.of("check", "--repair", image);
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("disk.vhdx: sound").doesNotContain("repaired");
        assertThat(Files.mismatch(before, image)).isEqualTo(-1);
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("case 4: what can be mended without a loss is mended, and told, as text or JSON")
    void mended() throws IOException {
        put((64 << 10) + 100, (byte) 0xEE);
        assertThat(CommandLineRun.of("check", image).out()).contains("warning: header 1");
        CommandLineRun run = CommandLineRun.of("check", "-r", "all", image);
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("repaired: headers: header 1 was written anew", "disk.vhdx: sound");
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw.toString(), image.toString())
                .ok();
        put((64 << 10) + 100, (byte) 0xEE);
        put((128 << 10) + 100, (byte) 0);
        assertThat(CommandLineRun.of("check", "--repair", "--json", image).out())
                .contains("\"verdict\" : \"sound\"", "\"repaired\" : [", "was written anew\"", "\"losses\" : [ ]");
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("case 79: what needs a loss is listed and left alone, until the loss is allowed")
    void lossy() throws IOException {
        loseFirstBlock();
        assertThat(CommandLineRun.of("check", image).exitCode()).isEqualTo(65);
        Path before = Files.copy(image, directory.resolve("before"));
        CommandLineRun refused = CommandLineRun.of("check", "--repair", image);
        assertThat(refused.exitCode()).isEqualTo(77);
        assertThat(refused.out())
                .contains("would be lost: blocks lie beyond the end", "offset 0, 1048576 bytes", "--allow-loss");
        assertThat(Files.mismatch(before, image)).isEqualTo(-1);
        CommandLineRun run = CommandLineRun.of("check", "--repair", "--allow-loss", image);
        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("repaired: BAT: blocks beyond the end", "lost: blocks", "offset 0, 1048576 bytes", "sound");
        byte[] content = Files.readAllBytes(raw);
        Arrays.fill(content, 0, MIB, (byte) 0);
        Files.write(raw, content);
        Tool.run("qemu-img", "check", "-f", "vhdx", image.toString()).ok();
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw.toString(), image.toString())
                .ok();
    }

    @Test
    @DisplayName("what nobody can repair is said to be so, with the exit code of a check")
    void refused() throws IOException {
        put(0, new byte[1 << 20]);
        CommandLineRun run = CommandLineRun.of("check", "--repair", "--allow-loss", image);
        assertThat(run.exitCode()).isEqualTo(65);
        assertThat(run.out()).contains("cannot be repaired: not a VHDX file", "corrupt: does not open");
    }

    @Test
    @DisplayName("-r leaks: only the space that belongs to nothing is given back")
    void leaks() throws IOException {
        long size = Files.size(image);
        put(size + 9 * MIB, (byte) 1);
        CommandLineRun run = CommandLineRun.of("check", "-r", "leaks", image);
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("repaired: file: cut by " + (9 * MIB + 1) + " bytes");
        assertThat(Files.size(image)).isEqualTo(size);
        loseFirstBlock();
        assertThat(CommandLineRun.of("check", "-r", "leaks", image).exitCode()).isEqualTo(65);
    }

    @Test
    @DisplayName("options that make no sense together are refused")
    void usage() {
        assertThat(CommandLineRun.of("check", "--allow-loss", image).exitCode()).isEqualTo(2);
        assertThat(CommandLineRun.of("check", "--repair", "-r", "leaks", image).exitCode())
                .isEqualTo(2);
        assertThat(CommandLineRun.of("check", "--repair", "--use-header", "3", image)
                        .exitCode())
                .isEqualTo(2);
        assertThat(CommandLineRun.of("check", "--repair", "--without-bitmap", "child", image)
                        .exitCode())
                .isEqualTo(2);
    }
}
