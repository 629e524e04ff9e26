package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each tool that changes or makes an image is killed at random moments between its first change and its last one. The disk then
 * holds what it held or what it is to hold, for our reader and for QEMU; nothing else has changed; the same command completes
 * the work.
 */
@DisplayName("SIGKILL of a tool loses nothing")
class ToolKillTest {
    /** So many kills have to land in the middle of the work. */
    private static final int KILLS = Boolean.getBoolean("vhdxd.deep") ? 50 : 3;
    /** At least one in so many; the others come after the end, as work takes longer at one time than at another. */
    private static final int ATTEMPTS_MAX = 4 * KILLS;

    private static final int HEADERS_END_BYTES = 192 << 10;
    private static final long POLL_NANOS = 500_000;

    private static final String CHANGES = "pwrite64,pwritev,fdatasync,fsync,ftruncate,fallocate,?rename,?renameat2";
    /** Before each change strace lets time pass, so that kills at random times come between any two of them. */
    private static final List<String> SLOWLY = List.of(
            "strace",
            "-D",
            "-f",
            "-qq",
            "--seccomp-bpf",
            "-o",
            "/dev/null",
            "-e",
            "trace=" + CHANGES,
            "-e",
            "inject=" + CHANGES + ":delay_enter=5000");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private final Random random = new Random(seed());

    private static long seed() {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("ToolKillTest: replay with -Dvhdxd.seed=" + seed);
        return seed;
    }

    @ParameterizedTest
    @EnumSource
    @NeedsTool({"qemu-img", "strace"})
    @DisplayName("whatever the moment: the content is that of before or after, and the command can be given again")
    void killed(ToolWork work) throws Exception {
        ToolWork.Prepared prepared = work.prepare(Files.createDirectory(directory.resolve("prepared")), random);
        List<byte[]> allowed = work.allowed(prepared);
        ToolVerdict verdict = new ToolVerdict(directory);
        Path whole = ToolWork.copy(prepared, directory.resolve("whole"));
        long workNanos = durationNanos(work, whole);
        ToolVerdict.verifyDone(work, whole, allowed.getLast());
        verdict.verifyByOthers(work, whole, prepared, allowed.getLast());
        int[] foundHow = new int[allowed.size()];
        int landed = 0;
        int attempts = 0;
        for (; landed < KILLS && attempts < ATTEMPTS_MAX; attempts++) {
            Path where = ToolWork.copy(prepared, directory.resolve("kill-" + attempts));
            long delayNanos = random.nextLong(workNanos);
            if (killed(work, where, delayNanos)) {
                landed++;
            } else {
                workNanos = Math.max(POLL_NANOS, Math.min(workNanos, delayNanos));
            }
            foundHow[verdict.verifyLeft(work, where, prepared, allowed)]++;
            if (work.makesFile()) {
                // One that was killed behind its last step has made its file, which it would not overwrite.
                Files.deleteIfExists(where.resolve(work.judged()));
            }
            ToolVerdict.succeed(work.commandIn(where).toArray());
            ToolVerdict.verifyDone(work, where, allowed.getLast());
            delete(where);
        }
        System.out.printf(
                "%s: %d of %d kills in the middle of %d us of work; found as before or after: %s%n",
                work, landed, attempts, workNanos / 1000, Arrays.toString(foundHow));
        assertThat(landed).as("kills in the middle of the work").isEqualTo(KILLS);
    }

    private record Running(Process process, Path said, List<String> namesAndHeaders) {}

    /** Starts the work, and waits for its first change of a file. */
    private static Running begin(ToolWork work, Path where) throws IOException {
        Path said = where.resolveSibling("said");
        List<String> before = namesAndHeaders(work, where);
        List<String> command = new ArrayList<>(SLOWLY);
        command.addAll(ServedProcess.vhdxd(work.commandIn(where)));
        Process process = new ProcessBuilder(command)
                .redirectError(new File("/dev/null"))
                .redirectOutput(said.toFile())
                .start();
        while (process.isAlive() && namesAndHeaders(work, where).equals(before)) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        return new Running(process, said, before);
    }

    /** From the first change until the command says that it is done. */
    private static long durationNanos(ToolWork work, Path where) throws Exception {
        Running running = begin(work, where);
        long begunNanos = System.nanoTime();
        while (running.process.isAlive() && Files.size(running.said) == 0) {
            LockSupport.parkNanos(POLL_NANOS);
        }
        long tookNanos = System.nanoTime() - begunNanos;
        assertThat(running.process.waitFor()).isZero();
        return tookNanos;
    }

    /** Returns whether the command had begun to change files then, and had not said yet that it is done. */
    private static boolean killed(ToolWork work, Path where, long afterNanos) throws Exception {
        Running running = begin(work, where);
        boolean ended = running.process.waitFor(afterNanos, TimeUnit.NANOSECONDS);
        running.process.destroyForcibly().waitFor();
        return !ended
                && Files.size(running.said) == 0
                && !namesAndHeaders(work, where).equals(running.namesAndHeaders);
    }

    /** Of the files that the work changes or makes: every change of an image begins with its headers. */
    private static List<String> namesAndHeaders(ToolWork work, Path where) throws IOException {
        List<String> all = new ArrayList<>();
        for (String name : Objects.requireNonNull(where.toFile().list())) {
            if (work.makesFile() && ToolVerdict.isUnfinished(name)) {
                all.add(name);
            } else if (work.changes(name)) {
                try (RandomAccessFile image =
                        new RandomAccessFile(where.resolve(name).toFile(), "r")) {
                    byte[] headers = new byte[HEADERS_END_BYTES];
                    image.readFully(headers);
                    all.add(name + " " + Arrays.hashCode(headers));
                }
            }
        }
        Collections.sort(all);
        return all;
    }

    static void delete(Path where) throws IOException {
        try (Stream<Path> files = Files.list(where)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(where);
    }
}
