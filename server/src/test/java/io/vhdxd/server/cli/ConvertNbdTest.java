package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("convert from and to exports of NBD servers")
class ConvertNbdTest {
    private static final long MIB = 1 << 20;
    private static final long SIZE_BYTES = 41 * MIB + 512;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path raw;

    private static CommandLineRun succeed(Object... args) {
        CommandLineRun run = CommandLineRun.of(args);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run;
    }

    /** Data at both ends and here and there, the rest holes. */
    @BeforeEach
    void makeRaw() throws IOException {
        raw = directory.resolve("disk.raw");
        Random random = new Random(7);
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "rw")) {
            file.setLength(SIZE_BYTES);
            for (long at : new long[] {0, 3 * MIB + 512, 20 * MIB - 4096, SIZE_BYTES - 70_000}) {
                byte[] data = new byte[70_000];
                random.nextBytes(data);
                file.seek(at);
                file.write(data);
            }
        }
    }

    /** A file full of what must not be left. */
    private Path junk(long sizeBytes) throws IOException {
        byte[] bytes = new byte[(int) sizeBytes];
        Arrays.fill(bytes, (byte) 0x5a);
        return Files.write(directory.resolve("junk.raw"), bytes);
    }

    private void assertHoldsRaw(Path file) throws IOException {
        assertThat(Files.mismatch(raw, file)).isEqualTo(-1);
    }

    @Test
    @NeedsTool({"qemu-nbd", "qemu-img"})
    @DisplayName("qemu-nbd: over an export full of other things, and back, sparse both times")
    void qemuNbd() throws IOException {
        Path image = directory.resolve("a.vhdx");
        succeed("convert", raw, image, "--block-size", "1M", "-q");
        Path file = junk(SIZE_BYTES);
        try (ForeignServer server = ForeignServer.qemuNbd(directory, file, "raw")) {
            CommandLineRun run = succeed("convert", image, server.uri());
            assertThat(run.out()).contains(server.uri(), "41.0 MiB", "written over the export");
            assertThat(run.err().lines()).contains("copying: 100%", "comparing: 100%");
            Path back = directory.resolve("back.vhdx");
            succeed("convert", server.uri(), back, "--block-size", "1M");
            assertThat(Files.size(back)).isLessThan(12 * MIB);
            Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", raw.toString(), back.toString())
                    .ok();
            server.stop();
        }
        assertHoldsRaw(file);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--filter=nozero",
                "--filter=noextents",
                "--filter=blocksize-policy blocksize-minimum=512 blocksize-preferred=4096 blocksize-maximum=65536"
                        + " blocksize-error-policy=error",
                "--no-sr"
            })
    @NeedsTool("nbdkit")
    @DisplayName("nbdkit: without WRITE_ZEROES, without block status, with small blocks, with simple replies")
    void nbdkit(String how) throws IOException {
        Path file = junk(SIZE_BYTES);
        String[] words = how.split(" ", -1);
        String[] arguments = Stream.concat(
                        Stream.of(words[0], "file", file.toString()),
                        Arrays.stream(words).skip(1))
                .toArray(String[]::new);
        try (ForeignServer server = ForeignServer.nbdkit(directory, arguments)) {
            succeed("convert", raw, server.uri(), "-q");
            Path back = directory.resolve("back.raw");
            succeed("convert", server.uri(), back, "-q");
            assertHoldsRaw(back);
            server.stop();
        }
        assertHoldsRaw(file);
    }

    @Test
    @DisplayName("ourselves, through TCP: a larger export keeps what is behind the end of the disk")
    void ourselves() throws IOException {
        Path image = directory.resolve("a.vhdx");
        succeed("create", image, "64M", "--block-size", "1M");
        byte[] behind = new byte[(int) MIB];
        Arrays.fill(behind, (byte) 0x77);
        ImageBytes.of(image).append(50, behind);
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            succeed("convert", raw, server.uri(), "-q");
            CommandLineRun small = CommandLineRun.of("convert", server.uri(), directory.resolve("b.vhdx"), "-q");
            assertThat(small.exitCode()).as(small.err()).isZero();
            assertThat(server.stop("TERM")).isZero();
        }
        Path back = directory.resolve("back.raw");
        succeed("convert", image, back, "-q");
        byte[] bytes = Files.readAllBytes(back);
        assertThat(bytes.length).isEqualTo((int) (64 * MIB));
        assertThat(Arrays.copyOf(bytes, (int) SIZE_BYTES)).isEqualTo(Files.readAllBytes(raw));
        assertThat(bytes[(int) SIZE_BYTES]).isZero();
        assertThat(Arrays.copyOfRange(bytes, (int) (50 * MIB), (int) (51 * MIB)))
                .isEqualTo(behind);
        Path flat = directory.resolve("flat.raw");
        succeed("convert", directory.resolve("b.vhdx"), flat, "-q");
        assertThat(Files.mismatch(back, flat)).isEqualTo(-1);
    }

    @Test
    @NeedsTool("nbdkit")
    @DisplayName("a server that has no space, vanishes or is too small is named, and no file appears")
    void failures() throws IOException {
        Path file = junk(SIZE_BYTES);
        try (ForeignServer server = ForeignServer.nbdkit(
                directory, "--filter=error", "file", file.toString(), "error-pwrite=ENOSPC", "error-pwrite-rate=1")) {
            CommandLineRun run = CommandLineRun.of("convert", raw, server.uri(), "-q");
            assertThat(run.exitCode()).isEqualTo(73);
            assertThat(run.err())
                    .startsWith("vhdxd: " + server.uri() + ": WRITE of ")
                    .contains("ENOSPC");
        }
        Path target = directory.resolve("b.vhdx");
        try (ForeignServer server = ForeignServer.nbdkit(
                directory, "--filter=error", "file", file.toString(), "error-pread=EIO", "error-pread-rate=1")) {
            CommandLineRun run = CommandLineRun.of("convert", server.uri(), target, "-q");
            assertThat(run.exitCode()).isEqualTo(66);
            assertThat(run.err())
                    .startsWith("vhdxd: " + server.uri() + ": READ of ")
                    .contains("EIO");
        }
        try (ForeignServer server = ForeignServer.nbdkit(directory, "file", file.toString())) {
            server.stop();
            CommandLineRun run = CommandLineRun.of("convert", server.uri(), target, "-q");
            assertThat(run.exitCode()).isEqualTo(66);
            assertThat(run.err()).startsWith("vhdxd: " + server.uri() + ": nobody listens there");
        }
        try (ForeignServer server = ForeignServer.nbdkit(directory, "memory", "41M")) {
            CommandLineRun run = CommandLineRun.of("convert", raw, server.uri(), "-q");
            assertThat(run.exitCode()).isEqualTo(73);
            assertThat(run.err())
                    .contains("the export has " + 41 * MIB + " bytes, expected at least the " + SIZE_BYTES);
        }
        assertThat(target).doesNotExist();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.filter(each -> each.getFileName().toString().startsWith(".vhdxd-")))
                    .isEmpty();
        }
    }

    @Test
    @DisplayName("an export has the content of a disk and nothing else, and its URI is checked")
    void usage() {
        CommandLineRun format = CommandLineRun.of("convert", "nbd://127.0.0.1/x", "b.vhdx", "--from", "vhdx");
        assertThat(format.exitCode()).isEqualTo(2);
        assertThat(format.err()).contains("holds the content of a disk");
        CommandLineRun tls = CommandLineRun.of("convert", raw, "nbds://127.0.0.1/x");
        assertThat(tls.exitCode()).isEqualTo(2);
        assertThat(tls.err()).contains("TLS is not spoken here");
    }
}
