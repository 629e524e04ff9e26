package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("resize, compact, convert and dump-log")
class OfflineToolsTest {
    private static final long MIB = 1 << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private static CommandLineRun succeed(Object... args) {
        CommandLineRun run = CommandLineRun.of(args);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run;
    }

    private static void tool(Object... words) throws IOException {
        String[] command = Stream.of(words).map(Object::toString).toArray(String[]::new);
        Tool.run(command).ok();
    }

    /** A sparse raw disk with data at its ends, and somewhere between. */
    private Path raw(long sizeBytes) throws IOException {
        Path raw = directory.resolve("disk.raw");
        try (SeekableByteChannel channel =
                Files.newByteChannel(raw, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long at : new long[] {0, 3 * MIB + 12345, sizeBytes / 2, sizeBytes - 700}) {
                channel.position(at);
                channel.write(ByteBuffer.wrap(
                        ("content at " + at + "x".repeat(700)).getBytes(StandardCharsets.UTF_8), 0, 700));
            }
        }
        return raw;
    }

    private long filesLeft() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith(".vhdxd-"))
                    .count();
        }
    }

    @ParameterizedTest
    @CsvSource({"dynamic,1M", "dynamic,32M", "fixed,2M"})
    @NeedsTool("qemu-img")
    @DisplayName("convert: raw to VHDX, to other blocks, and back; QEMU finds the same content each time")
    void convert(String type, String blockSize) throws IOException {
        Path raw = raw(97 * MIB);
        Path image = directory.resolve("a.vhdx");
        Path other = directory.resolve("b.vhdx");
        Path back = directory.resolve("back.raw");
        succeed("convert", raw, image, "--type", type, "--block-size", blockSize);
        tool("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw, image);
        succeed("convert", image, other, "--block-size", "8M", "--no-verify", "--quiet");
        tool("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw, other);
        assertThat(succeed("info", other).out()).contains("8 MiB", "dynamic");
        succeed("convert", other, back);
        assertThat(Files.mismatch(raw, back)).isEqualTo(-1);
        assertThat(succeed("check", image).out()).contains("sound");
        assertThat(filesLeft()).isZero();
    }

    @Test
    @DisplayName("convert: an existing file stays, a missing source is named, a size of odd bytes is rounded up")
    void convertRefusals() throws IOException {
        Path raw = raw(5 * MIB + 100);
        Path image = directory.resolve("a.vhdx");
        succeed("convert", raw, image, "-q");
        assertThat(succeed("info", image).out()).contains("(" + (5 * MIB + 512) + " bytes)");
        CommandLineRun again = CommandLineRun.of("convert", raw, image);
        assertThat(again.exitCode()).isEqualTo(73);
        assertThat(again.err()).contains("there is such a file already");
        CommandLineRun missing = CommandLineRun.of("convert", directory.resolve("none.vhdx"), directory.resolve("x"));
        assertThat(missing.exitCode()).isEqualTo(66);
        assertThat(missing.err()).contains("none.vhdx", "no such file");
        assertThat(filesLeft()).isZero();
    }

    @Test
    @DisplayName("convert: progress is told in lines where there is no terminal, and not with --quiet")
    void progress() throws IOException {
        Path raw = raw(97 * MIB);
        assertThat(succeed("convert", raw, directory.resolve("a.vhdx")).err().lines())
                .contains("copying: 100%", "comparing: 100%");
        assertThat(succeed("convert", raw, directory.resolve("b.vhdx"), "-q").err())
                .isEmpty();
    }

    @Test
    @NeedsTool("qemu-img")
    @DisplayName("resize: larger, then smaller only where nothing is lost or the loss is accepted")
    void resize() throws IOException {
        Path raw = raw(20 * MIB);
        Path image = directory.resolve("a.vhdx");
        succeed("convert", raw, image, "--block-size", "1M");
        assertThat(succeed("resize", image, "200G").out()).contains("20 MiB before, now 200 GiB");
        assertThat(succeed("resize", image, "20M").out()).contains("now 20 MiB");
        tool("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw, image);
        CommandLineRun refused = CommandLineRun.of("resize", image, "12M");
        assertThat(refused.exitCode()).isEqualTo(77);
        assertThat(refused.err())
                .contains("data at offset " + (20 * MIB - 65536) + ", 65536 bytes", "--accept-data-loss");
        tool("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw, image);
        assertThat(succeed("resize", image, "12M", "--accept-data-loss").out()).contains("now 12 MiB");
        assertThat(succeed("check", image).out()).contains("sound");
        assertThat(CommandLineRun.of("resize", image, "65T").exitCode()).isEqualTo(65);
        assertThat(CommandLineRun.of("resize", image, "1000").exitCode()).isEqualTo(2);
    }

    @Test
    @NeedsTool({"qemu-img", "qemu-io"})
    @DisplayName("compact: the zeros that QEMU wrote take no space any more, and the content is the same")
    void compact() throws IOException {
        Path raw = raw(97 * MIB);
        Path image = directory.resolve("a.vhdx");
        tool("qemu-img", "create", "-f", "vhdx", "-o", "block_size=1M", image, "97M");
        tool("qemu-io", "-f", "vhdx", "-c", "write -z 0 60M", image);
        tool("qemu-img", "convert", "-n", "-f", "raw", "-O", "vhdx", raw, image);
        long before = Files.size(image);
        CommandLineRun run = succeed("compact", "--zeros", "--json", image);
        assertThat(run.out()).contains("\"file-size-before-bytes\" : " + before);
        assertThat(Files.size(image)).isLessThan(before - 50 * MIB);
        tool("qemu-img", "check", "-f", "vhdx", image);
        tool("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw, image);
        assertThat(succeed("compact", image).out()).contains("0 blocks moved");
    }

    @Test
    @DisplayName("dump-log: the entries of the last session are listed as those of a former log")
    void dumpLog() throws IOException {
        Path image = directory.resolve("a.vhdx");
        succeed("convert", raw(20 * MIB), image, "--block-size", "1M");
        succeed("resize", image, "30M");
        assertThat(succeed("dump-log", image).out())
                .contains("log of 1 MiB at offset 1048576, not in use", "valid, of a former log", "page 4096 bytes");
        assertThat(succeed("dump-log", "--json", image).out()).contains("\"entries\" : [", "\"active\" : false");
    }
}
