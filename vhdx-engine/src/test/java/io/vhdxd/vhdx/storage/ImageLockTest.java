package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One writer, or readers (promise R6; reliability.md faults 11 and 12, vhdx.md case 113, nbd.md SEC-41). */
@EnabledOnOs(OS.LINUX)
final class ImageLockTest {
    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void makeFile() throws IOException {
        file = Files.write(directory.resolve("image"), new byte[4096]);
    }

    enum Kind {
        LINUX,
        CHANNEL;

        Storage open(Path file, boolean writable) throws IOException {
            return this == LINUX ? LinuxFiles.open(file, writable) : ChannelStorage.open(file, writable);
        }
    }

    @ParameterizedTest
    @EnumSource
    void inOneProcessAWriterIsAlone(Kind kind) throws IOException {
        Path hardLink = Files.createLink(directory.resolve("hard"), file);
        Path symbolicLink = Files.createSymbolicLink(directory.resolve("symbolic"), file);
        for (Path other : List.of(file, hardLink, symbolicLink)) {
            try (Storage writer = kind.open(file, true)) {
                assertRefused(kind, other, true);
                assertRefused(kind, other, false);
                assertThat(writer.size()).isEqualTo(4096);
            }
            try (Storage reader = kind.open(file, false);
                    Storage secondReader = kind.open(other, false)) {
                assertRefused(kind, other, true);
                assertThat(reader.size()).isEqualTo(4096);
                assertThat(secondReader.size()).isEqualTo(4096);
            }
            assertOpens(kind, other, true);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRefusedOpenerLeavesNothingBehind(Kind kind) throws IOException {
        try (Storage first = kind.open(file, false)) {
            try (Storage second = kind.open(file, false)) {
                assertRefused(kind, file, true);
                assertThat(second.isWritable()).isFalse();
            }
            assertRefused(kind, file, true);
            assertThat(first.isWritable()).isFalse();
        }
        assertOpens(kind, file, true);
    }

    @ParameterizedTest
    @CsvSource({
        "open, writing, true, true",
        "open, writing, false, true",
        "open, reading, true, true",
        "open, reading, false, false",
        "channel, writing, true, true",
        "channel, writing, false, true",
        "channel, reading, true, true",
        "channel, reading, false, false"
    })
    void acrossProcessesAWriterIsAlone(String step, String access, boolean writable, boolean refused) throws Exception {
        Kind kind = step.equals("open") ? Kind.LINUX : Kind.CHANNEL;
        Process other = new ProcessBuilder(StorageProcess.command(step + " " + file + " " + access, "hold"))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = other.inputReader(StandardCharsets.UTF_8)) {
            assertThat(output.readLine()).isEqualTo("ok");
            if (refused) {
                String message = assertRefused(kind, file, writable);
                if (kind == Kind.LINUX) {
                    assertThat(message).contains("java (PID " + other.pid() + ")");
                }
            } else {
                assertOpens(kind, file, writable);
            }
        } finally {
            other.destroy();
            other.waitFor();
        }
        assertOpens(kind, file, writable);
    }

    @Test
    void theOtherDirectionAcrossProcesses() throws Exception {
        try (Storage writer = LinuxFiles.open(file, true)) {
            List<String> lines = StorageProcess.run(StorageProcess.command(
                    "open " + file + " writing",
                    "open " + file + " reading",
                    "channel " + file + " writing",
                    "channel " + file + " reading"));
            String start = "FileInUseException: " + file + " is in use: another opener has it open";
            assertThat(lines).hasSize(4).allSatisfy(line -> assertThat(line).startsWith(start));
            assertThat(lines.subList(0, 2))
                    .allSatisfy(line -> assertThat(line)
                            .endsWith("(PID " + ProcessHandle.current().pid() + ")"));
            assertThat(writer.isWritable()).isTrue();
        }
    }

    @Test
    @DisplayName("the two kinds of storage see each other")
    void theKindsSeeEachOther() throws IOException {
        for (Kind first : Kind.values()) {
            Kind second = first == Kind.LINUX ? Kind.CHANNEL : Kind.LINUX;
            try (Storage writer = first.open(file, true)) {
                assertRefused(second, file, true);
                assertThat(writer.isWritable()).isTrue();
            }
            try (Storage reader = first.open(file, false)) {
                assertRefused(second, file, true);
                assertThat(reader.isWritable()).isFalse();
            }
        }
    }

    @Test
    void theMessageSaysWhoAndWhy() throws IOException {
        String here = ": this process (PID " + ProcessHandle.current().pid() + ")";
        try (Storage writer = LinuxFiles.open(file, true)) {
            assertThat(assertRefused(Kind.LINUX, file, true))
                    .isEqualTo(file + " is in use: another opener has it open" + here);
            assertThat(assertRefused(Kind.LINUX, file, false))
                    .isEqualTo(file + " is in use: another opener has it open for writing" + here);
            assertThat(writer.isWritable()).isTrue();
        }
        try (Storage reader = LinuxFiles.open(file, false)) {
            assertThat(assertRefused(Kind.LINUX, file, true))
                    .isEqualTo(file + " is in use: another opener reads it and allows no writer" + here);
            assertThat(reader.isWritable()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName(
            "the lock outlives that the process opens and closes the file by other means (reliability.md fault 12)")
    void theLockOutlivesOtherDescriptors(boolean writable) throws IOException {
        try (Storage storage = LinuxFiles.open(file, writable)) {
            assertThat(Files.readAllBytes(file)).hasSize(4096);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                assertThat(channel.size()).isEqualTo(4096);
            }
            assertRefused(Kind.LINUX, file, true);
            assertThat(storage.isWritable()).isEqualTo(writable);
        }
    }

    @Test
    @DisplayName(
            "closing drops the lock even while a copy of the descriptor is left, as between fork and exec of a child")
    void closingDropsTheLockOfAllCopies() throws IOException {
        int duplicate;
        try (Storage storage = LinuxFiles.open(file, true)) {
            assertThat(storage.isWritable()).isTrue();
            int duplicateCommand = 0;
            duplicate = Libc.fcntl(descriptorOf(file), duplicateCommand, MemorySegment.NULL);
            assertThat(duplicate).isPositive();
        }
        try {
            assertOpens(Kind.LINUX, file, true);
        } finally {
            assertThat(Libc.close(duplicate)).isZero();
        }
    }

    private static int descriptorOf(Path file) throws IOException {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                // Others may be closed at any moment.
                if (Files.exists(descriptor) && Files.isSameFile(descriptor, file)) {
                    return Integer.parseInt(descriptor.getFileName().toString());
                }
            }
        }
        throw new AssertionError("no descriptor of " + file);
    }

    @Test
    void ofWritersThatOpenAtOnceExactlyOneSucceeds() throws Exception {
        int threadCount = 4;
        CyclicBarrier barrier = new CyclicBarrier(threadCount);
        Callable<Integer> round = () -> {
            barrier.await();
            try (Storage storage = LinuxFiles.open(file, true)) {
                barrier.await();
                return storage.isWritable() ? 1 : 0;
            } catch (FileInUseException e) {
                barrier.await();
                return 0;
            }
        };
        try (ExecutorService threads = Executors.newFixedThreadPool(threadCount)) {
            for (int i = 0; i < 20; i++) {
                List<Callable<Integer>> rounds = new ArrayList<>();
                for (int t = 0; t < threadCount; t++) {
                    rounds.add(round);
                }
                int opened = 0;
                for (Future<Integer> result : threads.invokeAll(rounds)) {
                    opened += result.get();
                }
                assertThat(opened).isEqualTo(1);
            }
        }
    }

    @Test
    void aNewFileIsLocked() throws IOException {
        Path made = directory.resolve("new");
        try (Storage storage = LinuxFiles.create(made)) {
            assertRefused(Kind.LINUX, made, false);
            assertThat(storage.isWritable()).isTrue();
        }
        assertOpens(Kind.LINUX, made, true);
    }

    private static String assertRefused(Kind kind, Path path, boolean writable) {
        Throwable[] thrown = new Throwable[1];
        assertThatThrownBy(() -> kind.open(path, writable))
                .isInstanceOf(FileInUseException.class)
                .hasMessageStartingWith(path + " is in use: ")
                .satisfies(e -> thrown[0] = e);
        return String.valueOf(thrown[0].getMessage());
    }

    private static void assertOpens(Kind kind, Path path, boolean writable) {
        assertThatCode(() -> kind.open(path, writable).close()).doesNotThrowAnyException();
    }
}
