package io.vhdxd.vhdx.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vhdxd.vhdx.testing.NeedsTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link LinuxStorage} makes of system calls that fail: another process uses it, and strace lets its calls fail. */
@EnabledOnOs(OS.LINUX)
@NeedsTool("strace")
final class SystemCallFaultsTest {
    @TempDir
    private Path directory;

    private Path file;
    private Path trace;

    @BeforeEach
    void makeFile() throws IOException {
        file = Files.write(directory.resolve("image"), new byte[0]);
        trace = directory.resolve("trace");
    }

    /** Opens the file for writing, runs the steps and returns the line of each; {@code faults} as for strace -e. */
    private List<String> run(List<String> faults, String... steps) throws Exception {
        List<String> lines = runSteps(
                faults,
                Stream.concat(Stream.of("open " + file + " writing"), Stream.of(steps))
                        .toArray(String[]::new));
        assertThat(lines.getFirst()).isEqualTo("ok");
        return lines.subList(1, lines.size());
    }

    private List<String> runSteps(List<String> faults, String... steps) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("strace", "-f", "-qq", "-o", trace.toString(), "-P", file.toString()));
        for (String fault : faults) {
            command.add("-e");
            command.add("inject=" + fault);
        }
        command.addAll(StorageProcess.command(steps));
        return StorageProcess.run(command);
    }

    private long traced(String systemCall) throws IOException {
        return Files.readAllLines(trace).stream()
                .filter(line -> line.contains(" " + systemCall + "("))
                .count();
    }

    @Test
    void callsThatASignalInterruptedAreRepeated() throws Exception {
        List<String> faults = Stream.of("pwrite64", "pwritev", "pread64", "fdatasync", "ftruncate", "fallocate")
                .map(call -> call + ":error=EINTR:when=1..2")
                .toList();
        assertThat(run(
                        faults,
                        "write 0 4096 1",
                        "gather 4096 4096 2",
                        "setSize 10000",
                        "sync",
                        "punch 0 100",
                        "zero 4096 100",
                        "reserve 0 10000",
                        "read 0 10000",
                        "zeroesFast"))
                .containsExactly(
                        "ok",
                        "ok",
                        "ok",
                        "ok",
                        "ok",
                        "ok",
                        "ok",
                        "10000 bytes: 100 x 0, 3996 x 1, 100 x 0, 3996 x 2, 1808 x 0",
                        "true");
        for (String fault : faults) {
            assertThat(traced(fault.substring(0, fault.indexOf(':')))).isGreaterThanOrEqualTo(3);
        }
    }

    @ParameterizedTest
    @DisplayName("a full disk is told from other failures (reliability.md faults 1 to 3)")
    @CsvSource({
        "pwrite64, ENOSPC, write 4096 100 1, cannot write 100 bytes at offset 4096 of",
        "pwrite64, EDQUOT, write 4096 100 1, cannot write 100 bytes at offset 4096 of",
        "pwrite64, EFBIG, write 4096 100 1, cannot write 100 bytes at offset 4096 of",
        "pwritev, ENOSPC, gather 4096 3000 1, cannot write 3000 bytes at offset 4096 of",
        "ftruncate, ENOSPC, setSize 5000, cannot set the size of",
        "fallocate, ENOSPC, reserve 4096 100, cannot reserve 100 bytes at offset 4096 of",
    })
    void noSpace(String call, String error, String step, String expected) throws Exception {
        Files.write(file, new byte[8192]);
        List<String> lines = run(List.of(call + ":error=" + error + ":when=" + firstOwnCall(call)), step, step);
        assertThat(lines.getFirst())
                .startsWith("NoSpaceException: " + expected)
                .contains(file.toString(), error, "errno ");
        assertThat(lines.getLast()).isEqualTo("ok");
    }

    @ParameterizedTest
    @DisplayName("a sync that fails for want of space has lost writes like any other (reliability.md faults 3 and 6)")
    @ValueSource(strings = {"ENOSPC", "EDQUOT", "EFBIG"})
    void fullDiskFoundAtSync(String error) throws Exception {
        Files.write(file, new byte[8192]);
        assertThat(run(List.of("fdatasync:error=" + error + ":when=1"), "sync").getFirst())
                .startsWith("IOException: cannot sync " + file + ": " + error);
    }

    /** The first fallocate is the probe of the opening. */
    private static int firstOwnCall(String call) {
        return call.equals("fallocate") ? 2 : 1;
    }

    @ParameterizedTest
    @DisplayName("an error of the device names the operation, the place and the file (reliability.md faults 4 to 6)")
    @CsvSource({
        "pwrite64, write 4096 100 1, cannot write 100 bytes at offset 4096 of",
        "pwritev, gather 4096 3000 1, cannot write 3000 bytes at offset 4096 of",
        "pread64, read 4096 100, cannot read 100 bytes at offset 4096 of",
        "preadv2, readCached 4096 100, cannot read 100 bytes at offset 4096 of",
        "fdatasync, sync, cannot sync",
        "fallocate, punch 4096 100, cannot punch a hole of 100 bytes at offset 4096 of",
        "fallocate, zero 4096 100, cannot zero 100 bytes at offset 4096 of",
        "close, close, cannot close",
    })
    void deviceErrors(String call, String step, String expected) throws Exception {
        Files.write(file, new byte[8192]);
        assertThat(run(List.of(call + ":error=EIO:when=" + firstOwnCall(call)), step))
                .containsExactly("IOException: " + expected + " " + file + ": EIO, input/output error (errno 5)");
    }

    @Test
    @DisplayName("a failed sync is not repeated (promise R4)")
    void aFailedSyncIsNotRepeated() throws Exception {
        assertThat(run(List.of("fdatasync:error=EIO:when=1"), "write 0 100 1", "sync")
                        .getLast())
                .startsWith("IOException: cannot sync");
        assertThat(traced("fdatasync")).isEqualTo(1);
    }

    @Test
    @DisplayName("a file system without fallocate gets zeros written (vhdx.md case 118)")
    void withoutFallocateZerosAreWritten() throws Exception {
        assertThat(run(
                        List.of("fallocate:error=EOPNOTSUPP"),
                        "zeroesFast",
                        "write 0 10000 1",
                        "punch 100 1000",
                        "zero 5000 1000000",
                        "reserve 0 20000",
                        "reserve 0 20000",
                        "read 0 20000",
                        "size"))
                .containsExactly(
                        "false",
                        "ok",
                        "ok",
                        "ok",
                        "ok",
                        "ok",
                        "10000 bytes: 100 x 1, 1000 x 0, 3900 x 1, 5000 x 0",
                        "10000");
        // The probe, the first zeroing and the first reservation: what failed once is not tried again.
        assertThat(traced("fallocate")).isEqualTo(3);
    }

    @Test
    void aFileSystemThatMadeNoHoleInSpiteOfTheProbeGetsZerosWritten() throws Exception {
        assertThat(run(
                        List.of("fallocate:error=EOPNOTSUPP:when=2+"),
                        "write 0 10000 1",
                        "zeroesFast",
                        "punch 100 1000",
                        "zero 5000 100",
                        "read 0 10000",
                        "zeroesFast"))
                .containsExactly(
                        "ok",
                        "true",
                        "ok",
                        "ok",
                        "10000 bytes: 100 x 1, 1000 x 0, 3900 x 1, 100 x 0, 4900 x 1",
                        "false");
    }

    @Test
    void withoutZeroRangeAHoleIsMadeAndFilled() throws Exception {
        assertThat(run(
                        List.of("fallocate:error=EOPNOTSUPP:when=2"),
                        "write 0 10000 1",
                        "zero 100 5000",
                        "zero 6000 100",
                        "read 0 10000",
                        "zeroesFast"))
                .containsExactly(
                        "ok", "ok", "ok", "10000 bytes: 100 x 1, 5000 x 0, 900 x 1, 100 x 0, 3900 x 1", "true");
        assertThat(traced("fallocate")).isEqualTo(1 + 3 + 2);
    }

    @Test
    void withoutNoWaitReadsNothingIsReadAndNothingTriedAgain() throws Exception {
        assertThat(run(
                        List.of("preadv2:error=EOPNOTSUPP"),
                        "write 0 100 1",
                        "readCached 0 100",
                        "readCached 0 100",
                        "read 0 100"))
                .containsExactly("ok", "0 bytes: ", "0 bytes: ", "100 bytes: 100 x 1");
        assertThat(traced("preadv2")).isEqualTo(1);
    }

    @Test
    void aReadOfTheCacheThatASignalInterruptedIsRepeated() throws Exception {
        assumeNoWaitReads();
        assertThat(run(List.of("preadv2:error=EINTR:when=1..2"), "write 0 100 1", "readCached 0 100"))
                .containsExactly("ok", "100 bytes: 100 x 1");
    }

    /** Some file systems have none, tmpfs for one. */
    private void assumeNoWaitReads() throws Exception {
        assumeThat(run(List.of(), "write 0 100 1", "readCached 0 100").getLast())
                .as("the file system reads the cache without waiting")
                .isEqualTo("100 bytes: 100 x 1");
    }

    @Test
    void whatIsNotCachedIsNotWaitedFor() throws Exception {
        assumeNoWaitReads();
        assertThat(run(List.of("preadv2:error=EAGAIN:when=1"), "write 0 100 1", "readCached 0 100", "readCached 0 100"))
                .containsExactly("ok", "0 bytes: ", "100 bytes: 100 x 1");
    }

    @ParameterizedTest
    @CsvSource({
        "EROFS, 'FileSystemException: <file>: EROFS, read-only file system (errno 30)'",
        "EACCES, 'AccessDeniedException: <file>: EACCES, permission denied (errno 13)'",
        "EPERM, 'AccessDeniedException: <file>: EPERM, operation not permitted (errno 1)'",
        "ENOENT, NoSuchFileException: <file>",
        "EAGAIN, 'FileInUseException: <file> is in use: another program holds a lease on it'",
        "EMFILE, 'FileSystemException: <file>: EMFILE, too many open files in this process (errno 24)'",
    })
    void failuresToOpen(String error, String expected) throws Exception {
        assertThat(runSteps(List.of("openat:error=" + error), "open " + file + " writing"))
                .containsExactly(expected.replace("<file>", file.toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"reading", "writing"})
    @DisplayName("where there are no locks the file is not opened (reliability.md fault 14, promise R6)")
    void withoutLocksTheFileIsNotOpened(String access) throws Exception {
        // The first fcntl is that of O_NONBLOCK.
        assertThat(runSteps(List.of("fcntl:error=ENOLCK:when=2"), "open " + file + " " + access))
                .containsExactly("FileSystemException: " + file
                        + ": cannot lock the file: ENOLCK, no locks available (errno 37)");
    }

    @ParameterizedTest
    @CsvSource({"ENOSPC, No space left on device", "EDQUOT, Disk quota exceeded", "EFBIG, File too large"})
    void theFallbackTellsAFullDiskByItsMessage(String error, String text) throws Exception {
        assertThat(runSteps(
                        List.of("pwrite64:error=" + error + ":when=1"),
                        "channel " + file + " writing",
                        "write 0 100 1",
                        "write 0 100 1"))
                .containsExactly("ok", "NoSpaceException: cannot write to " + file + ": " + text, "ok");
        assertThat(runSteps(List.of("pwrite64:error=EIO:when=1"), "channel " + file + " writing", "write 0 100 1"))
                .containsExactly("ok", "IOException: Input/output error");
    }

    @Test
    @NeedsTool("prlimit")
    void aWriteThatStoppedShortIsContinued() throws Exception {
        List<String> command = new ArrayList<>(List.of("prlimit", "--fsize=100000"));
        command.addAll(StorageProcess.command(
                "open " + file + " writing", "write 98000 5000 1", "size", "gather 95000 10000 2", "read 95000 10000"));
        List<String> lines = StorageProcess.run(command);
        assertThat(lines.get(1)).startsWith("NoSpaceException: cannot write 3000 bytes at offset 100000 of " + file);
        assertThat(lines.get(2)).isEqualTo("100000");
        assertThat(lines.get(3)).startsWith("NoSpaceException: cannot write 5000 bytes at offset 100000 of " + file);
        assertThat(lines.get(4)).isEqualTo("5000 bytes: 5000 x 2");
    }
}
