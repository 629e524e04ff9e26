package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.testing.NeedsTool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * QEMU's programs and we keep each other from one image, whoever comes first (promise R6; reliability.md fault 11,
 * vhdx.md case 113, nbd.md SEC-41).
 */
@EnabledOnOs(OS.LINUX)
@NeedsTool({"qemu-img", "qemu-io", "qemu-nbd"})
final class QemuLockTest {
    @TempDir
    private Path directory;

    private Path image;

    @BeforeEach
    void makeImage() throws Exception {
        image = directory.resolve("image.vhdx");
        assertThat(exitCode("qemu-img", "create", "-q", "-f", "vhdx", image.toString(), "8M"))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({
        // What QEMU has open for writing is nobody's else.
        "false, true, true",
        "false, false, true",
        // What it reads may be read.
        "true, true, true",
        "true, false, false"
    })
    void qemuIoFirst(boolean qemuReads, boolean weWrite, boolean refused) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "vhdx"));
        if (qemuReads) {
            command.add("-r");
        }
        command.add(image.toString());
        Process qemu = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (Writer input = qemu.outputWriter(StandardCharsets.UTF_8);
                BufferedReader output = qemu.inputReader(StandardCharsets.UTF_8)) {
            // The answer comes when the image is open.
            input.write("length\n");
            input.flush();
            assertThat(output.readLine()).contains("8 MiB");
            assertOurOpening(weWrite, refused, "qemu-io (PID " + qemu.pid() + ")");
        }
        assertThat(qemu.waitFor()).isZero();
        assertOurOpening(weWrite, false, "");
    }

    @ParameterizedTest
    @CsvSource({"false, true, true", "false, false, true", "true, true, true", "true, false, false"})
    void qemuNbdFirst(boolean qemuReads, boolean weWrite, boolean refused) throws Exception {
        Process qemu = startNbd(qemuReads);
        try {
            assertThat(qemu.isAlive()).isTrue();
            assertOurOpening(weWrite, refused, "qemu-nbd (PID " + qemu.pid() + ")");
        } finally {
            qemu.destroyForcibly();
            qemu.waitFor();
        }
        assertOurOpening(weWrite, false, "");
    }

    private void assertOurOpening(boolean weWrite, boolean refused, String holder) throws IOException {
        if (refused) {
            assertThatThrownBy(() -> Storages.open(image, weWrite))
                    .isInstanceOf(FileInUseException.class)
                    .hasMessageStartingWith(image + " is in use: another opener ")
                    .hasMessageEndingWith(": " + holder);
        } else {
            try (Storage storage = Storages.open(image, weWrite)) {
                assertThat(storage.isWritable()).isEqualTo(weWrite);
            }
        }
    }

    /** How QEMU's programs open an image. */
    enum Opener {
        IMG_INFO("qemu-img", "info", "<image>"),
        IMG_CHECK("qemu-img", "check", "<image>"),
        IMG_REPAIR("qemu-img", "check", "-r", "all", "<image>"),
        IMG_CONVERT("qemu-img", "convert", "-f", "vhdx", "-O", "raw", "<image>", "<directory>/copy"),
        IO_READING("qemu-io", "-r", "-f", "vhdx", "-c", "read 0 512", "<image>"),
        IO_WRITING("qemu-io", "-f", "vhdx", "-c", "write 0 512", "<image>"),
        IO_WRITING_RAW("qemu-io", "-f", "raw", "-c", "read 0 512", "<image>"),
        CREATE_ANEW("qemu-img", "create", "-f", "vhdx", "<image>", "8M");

        private final String command;

        Opener(String... command) {
            this.command = String.join("\n", command);
        }

        String[] command(Path image, Path directory) {
            return command.replace("<image>", image.toString())
                    .replace("<directory>", directory.toString())
                    .split("\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "true, IMG_INFO, true",
        "true, IMG_CHECK, true",
        "true, IMG_REPAIR, true",
        "true, IMG_CONVERT, true",
        "true, IO_READING, true",
        "true, IO_WRITING, true",
        "true, IO_WRITING_RAW, true",
        "true, CREATE_ANEW, true",
        "false, IMG_INFO, false",
        "false, IMG_CHECK, false",
        "false, IMG_REPAIR, true",
        "false, IMG_CONVERT, false",
        "false, IO_READING, false",
        "false, IO_WRITING, true",
        "false, IO_WRITING_RAW, true",
        "false, CREATE_ANEW, true"
    })
    void weFirst(boolean weWrite, Opener qemu, boolean refused) throws Exception {
        byte[] before = Files.readAllBytes(image);
        try (Storage storage = Storages.open(image, weWrite)) {
            assertThat(exitCode(qemu.command(image, directory)) != 0).isEqualTo(refused);
            assertThat(storage.size()).isEqualTo(before.length);
        }
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
        assertThat(exitCode(qemu.command(image, directory))).isZero();
    }

    @ParameterizedTest
    @CsvSource({"true, false, true", "true, true, true", "false, false, true", "false, true, false"})
    void weFirstAndThenQemuNbd(boolean weWrite, boolean qemuReads, boolean refused) throws Exception {
        try (Storage storage = Storages.open(image, weWrite)) {
            Process qemu = startNbd(qemuReads);
            assertThat(qemu.isAlive()).isNotEqualTo(refused);
            qemu.destroyForcibly();
            qemu.waitFor();
            assertThat(storage.isWritable()).isEqualTo(weWrite);
        }
    }

    @Test
    void whoAsksQemuToIgnoreWritersIsLetIn() throws Exception {
        try (Storage storage = Storages.open(image, true)) {
            assertThat(exitCode("qemu-img", "info", "-U", image.toString())).isZero();
            assertThat(storage.isWritable()).isTrue();
        }
    }

    /** A qemu-nbd that serves the image, or has ended because it could not. */
    private Process startNbd(boolean reads) throws IOException, InterruptedException {
        // This file is made when the image is open.
        Path pidFile = directory.resolve("pid");
        List<String> command = new ArrayList<>(List.of(
                "qemu-nbd",
                "--persistent",
                "--format=vhdx",
                "--pid-file=" + pidFile,
                "--socket=" + directory.resolve("socket")));
        if (reads) {
            command.add("--read-only");
        }
        command.add(image.toString());
        try (WatchService watcher = directory.getFileSystem().newWatchService()) {
            directory.register(watcher, StandardWatchEventKinds.ENTRY_CREATE);
            Process qemu = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            while (qemu.isAlive() && !Files.exists(pidFile)) {
                WatchKey key = watcher.poll(50, TimeUnit.MILLISECONDS);
                if (key != null) {
                    key.pollEvents();
                    key.reset();
                }
            }
            return qemu;
        }
    }

    private static int exitCode(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor();
    }
}
