package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vhdxd.vhdx.testing.NeedsTool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link Storages} opens and what it refuses. */
@EnabledOnOs(OS.LINUX)
final class OpeningTest {
    @TempDir
    private Path directory;

    @Test
    void linuxGetsItsSystemCalls() throws IOException {
        assertThat(Storages.description()).isEqualTo("Linux system calls");
        try (Storage storage = Storages.create(directory.resolve("new"))) {
            assertThat(storage).isInstanceOf(LinuxStorage.class);
        }
        try (Storage storage = Storages.open(directory.resolve("new"), false)) {
            assertThat(storage).isInstanceOf(LinuxStorage.class);
        }
    }

    @Test
    void withoutNativeAccessChannelsAreUsedAndTheReasonIsSaid() throws Exception {
        Path file = Files.write(directory.resolve("image"), new byte[10]);
        List<String> command = new ArrayList<>(
                StorageProcess.command("description", "open " + file + " writing", "write 0 5 1", "zeroesFast"));
        command.set(command.indexOf("--enable-native-access=ALL-UNNAMED"), "--illegal-native-access=deny");
        List<String> lines = StorageProcess.run(command);
        assertThat(lines.getFirst())
                .startsWith("portable file channels (slower, and QEMU may not see our lock), because"
                        + " the C library cannot be called: Illegal native access");
        assertThat(lines.subList(1, 4)).containsExactly("ok", "ok", "false");
        assertThat(Files.readAllBytes(file)).containsExactly(1, 1, 1, 1, 1, 0, 0, 0, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void openingAndClosingChangesNothing(boolean writable) throws IOException {
        Path file = Files.write(directory.resolve("image"), new byte[100_000]);
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_123L));
        Map<String, Object> before = Files.readAttributes(file, "unix:size,lastModifiedTime,mode,ino");
        Storages.open(file, writable).close();
        assertThat(Files.readAttributes(file, "unix:size,lastModifiedTime,mode,ino"))
                .isEqualTo(before);
        assertThat(Files.readAllBytes(file)).containsOnly(0).hasSize(100_000);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyRegularFilesAreOpened(boolean writable) throws IOException {
        assertThatThrownBy(() -> Storages.open(directory, writable))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(directory + ": is a directory (expected: a regular file)");
        assertThatThrownBy(() -> Storages.open(Path.of("/dev/null"), writable))
                .isInstanceOf(FileSystemException.class)
                .hasMessage("/dev/null: is a device, a pipe or a socket (expected: a regular file)");
        // What was put there between the look and the opening.
        assertThatThrownBy(() -> LinuxFiles.open(directory, writable))
                .isInstanceOf(FileSystemException.class)
                .hasMessageEndingWith("not a regular file");
        assertThatThrownBy(() -> LinuxFiles.open(Path.of("/dev/null"), writable))
                .isInstanceOf(FileSystemException.class)
                .hasMessage("/dev/null: not a regular file");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @NeedsTool("mkfifo")
    void openingANamedPipeDoesNotHang(boolean writable) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> Storages.open(pipe, writable)).isInstanceOf(FileSystemException.class);
        assertThatThrownBy(() -> LinuxFiles.open(pipe, writable))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(pipe + ": not a regular file");
    }

    @Test
    void whatIsNotThereIsNotOpened() throws IOException {
        Path dangling = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));
        for (Path path : List.of(directory.resolve("none"), directory.resolve("no/file"), dangling)) {
            assertThatThrownBy(() -> Storages.open(path, false)).isInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> LinuxFiles.open(path, true)).isInstanceOf(NoSuchFileException.class);
        }
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        assertThatThrownBy(() -> LinuxFiles.open(file.resolve("below"), false))
                .isInstanceOf(FileSystemException.class)
                .hasMessageContaining("ENOTDIR");
    }

    @Test
    void whatIsThereIsNotMadeAnew() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[5]);
        Path dangling = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("nowhere"));
        for (Path path : List.of(file, directory, dangling)) {
            assertThatThrownBy(() -> Storages.create(path)).isInstanceOf(FileAlreadyExistsException.class);
        }
        assertThatThrownBy(() -> Storages.create(directory.resolve("no/file"))).isInstanceOf(NoSuchFileException.class);
        assertThat(file).hasSize(5);
        assertThat(directory.resolve("nowhere")).doesNotExist();
    }

    @Test
    void linksAreFollowed() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[] {1, 2, 3});
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        try (Storage storage = Storages.open(link, true)) {
            storage.write(ByteBuffer.wrap(new byte[] {9}), 1);
        }
        assertThat(Files.readAllBytes(file)).containsExactly(1, 9, 3);
    }

    @Test
    @NeedsTool("sh")
    void namesAreBytesAndNotText() throws Exception {
        Path odd = Files.createDirectory(directory.resolve("a+b %41&c"));
        Process process = new ProcessBuilder("sh", "-c", "printf x > \"$(printf 'n\\377\\303\\244\\nm')\"")
                .directory(odd.toFile())
                .start();
        assertThat(process.waitFor()).isZero();
        List<Path> files;
        try (Stream<Path> entries = Files.list(odd)) {
            files = entries.toList();
        }
        assertThat(files).hasSize(1);
        try (Storage storage = Storages.open(files.getFirst(), true)) {
            assertThat(storage.size()).isEqualTo(1);
        }
        try (Storage storage = Storages.create(odd.resolve("new + 100%"))) {
            assertThat(storage.size()).isZero();
        }
        assertThat(odd.resolve("new + 100%")).isEmptyFile();
    }

    @Test
    void permissionsAreReported() {
        String name = "/images/a.vhdx";
        assertThat(Errno.openFailure(name, Errno.EACCES)).isInstanceOf(AccessDeniedException.class);
        assertThat(Errno.openFailure(name, Errno.EPERM)).isInstanceOf(AccessDeniedException.class);
        assertThat(Errno.openFailure(name, Errno.EROFS)).hasMessageContaining("read-only file system");
        assertThat(Errno.openFailure(name, Errno.ENOSPC)).isInstanceOf(NoSpaceException.class);
        assertThat(Errno.openFailure(name, 4711)).hasMessage(name + ": unknown error (errno 4711)");
    }

    @Test
    void refusalsLeaveNoDescriptorOpen() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1]);
        try (Storage holder = Storages.open(file, true)) {
            for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> LinuxFiles.open(file, false)).isInstanceOf(FileInUseException.class);
                assertThatThrownBy(() -> LinuxFiles.open(directory, false)).isInstanceOf(FileSystemException.class);
            }
            assertThat(descriptorsBelow(directory)).isEqualTo(1);
            assertThat(holder.isWritable()).isTrue();
        }
        assertThat(descriptorsBelow(directory)).isZero();
        Storages.create(directory.resolve("new")).close();
        assertThat(descriptorsBelow(directory)).isZero();
    }

    private static long descriptorsBelow(Path directory) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .filter(descriptor -> {
                        try {
                            return Files.readSymbolicLink(descriptor).startsWith(directory);
                        } catch (IOException e) {
                            // It was the one that lists the directory.
                            return false;
                        }
                    })
                    .count();
        }
    }
}
