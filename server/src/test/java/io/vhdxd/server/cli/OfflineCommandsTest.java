package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("create, info, map and check")
class OfflineCommandsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @ParameterizedTest
    @CsvSource({
        "10G,dynamic,32M,4096,1M",
        "5M,dynamic,1M,512,2M",
        "64T,dynamic,256M,4096,1M",
        "20M,fixed,4M,4096,1M",
    })
    @NeedsTool("qemu-img")
    @DisplayName("What create makes is sound, for us and for QEMU")
    void create(String size, String type, String blockSize, int physicalSectorSize, String logSize) throws IOException {
        Path image = directory.resolve("disk.vhdx");
        CommandLineRun created = CommandLineRun.of(
                "create",
                image,
                size,
                "--type",
                type,
                "--block-size",
                blockSize,
                "--physical-sector-size",
                physicalSectorSize,
                "--log-size",
                logSize);
        assertThat(created.exitCode()).as(created.err()).isZero();
        assertThat(created.out()).contains(new ByteSize(ByteSize.parse(size).bytes()).toString(), type);

        CommandLineRun info = CommandLineRun.of("info", image);
        assertThat(info.exitCode()).isZero();
        assertThat(info.out())
                .contains(
                        image + ": " + type + " VHDX",
                        "(" + ByteSize.parse(size).bytes() + " bytes)",
                        "512 bytes logical, " + physicalSectorSize + " bytes physical",
                        "clean");
        CommandLineRun check = CommandLineRun.of("check", image);
        assertThat(check.exitCode()).isZero();
        assertThat(check.out()).endsWith(image + ": sound\n");
        Tool.run("qemu-img", "check", "-f", "vhdx", image.toString()).ok();
    }

    @Test
    @DisplayName("An existing file is not overwritten: exit code 73")
    void createExisting() throws IOException {
        Path file = Files.writeString(directory.resolve("disk.vhdx"), "precious");
        CommandLineRun run = CommandLineRun.of("create", file, "1G");
        assertThat(run.exitCode()).isEqualTo(73);
        assertThat(run.err())
                .isEqualTo("vhdxd: " + file + ": there is such a file already, and vhdxd does not overwrite it\n");
        assertThat(file).hasContent("precious");
    }

    @Test
    @DisplayName("An image cannot be made where there is no directory: exit code 73")
    void createNowhere() {
        CommandLineRun run = CommandLineRun.of("create", directory.resolve("none/disk.vhdx"), "1G");
        assertThat(run.exitCode()).isEqualTo(73);
        assertThat(run.err()).startsWith("vhdxd: ").doesNotContain("Exception").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "map", "check"})
    @DisplayName("A missing image and a directory: exit code 66")
    void missing(String command) {
        CommandLineRun missing = CommandLineRun.of(command, directory.resolve("none.vhdx"));
        assertThat(missing.exitCode()).isEqualTo(66);
        assertThat(missing.err())
                .isEqualTo("vhdxd: " + directory.resolve("none.vhdx") + ": no such file or directory\n");
        CommandLineRun noFile = CommandLineRun.of(command, directory);
        assertThat(noFile.exitCode()).isEqualTo(66);
        assertThat(noFile.err())
                .contains(directory.toString(), "a regular file")
                .hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"info", "map", "check"})
    @DisplayName("What is no VHDX: exit code 65")
    void corrupt(String command) throws IOException {
        Path file = Files.write(directory.resolve("disk.vhdx"), new byte[4 << 20]);
        CommandLineRun run = CommandLineRun.of(command, file);
        assertThat(run.exitCode()).isEqualTo(65);
        assertThat(run.err() + run.out()).contains(file.toString()).doesNotContain("Exception");
    }

    @Test
    @NeedsTool({"jq", "qemu-img"})
    @DisplayName("The JSON of info, map and check can be read, and agrees with QEMU")
    void json() throws IOException {
        Path image = directory.resolve("disk.vhdx");
        assertThat(CommandLineRun.of("create", image, "100M", "--block-size", "1M")
                        .exitCode())
                .isZero();
        Tool.run("qemu-io", "-f", "vhdx", "-c", "write -P 1 10M 2M", image.toString())
                .ok();
        assertThat(jq(".[\"virtual-size-bytes\"], .[\"present-block-count\"], .log.dirty", "info", image))
                .containsExactly("104857600", "2", "false");
        assertThat(jq(".[] | \"\\(.offset) \\(.length) \\(.type) \\(.description)\"", "map", image))
                .containsExactly(
                        "\"0 10485760 3 hole,zero\"",
                        "\"10485760 2097152 0 data\"",
                        "\"12582912 92274688 3 hole,zero\"");
        assertThat(jq(".verdict", "check", image)).containsExactly("\"sound\"");
        CommandLineRun map = CommandLineRun.of("map", image);
        assertThat(map.out().lines())
                .containsExactly(
                        "         0    10485760    3  hole,zero",
                        "  10485760     2097152    0  data",
                        "  12582912    92274688    3  hole,zero");
    }

    private static List<String> jq(String filter, String command, Path image) throws IOException {
        CommandLineRun run = CommandLineRun.of(command, "--json", image);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return Tool.run(List.of("jq", "-c", filter), Map.of(), run.out())
                .ok()
                .out()
                .lines()
                .toList();
    }
}
