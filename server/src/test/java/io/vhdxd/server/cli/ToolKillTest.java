package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
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

    private static String succeed(Object... command) {
        CommandLineRun run = CommandLineRun.of(command);
        assertThat(run.exitCode())
                .as("%s: %s%s", Arrays.asList(command), run.out(), run.err())
                .isZero();
        return run.out();
    }

    @ParameterizedTest
    @EnumSource
    @NeedsTool({"qemu-img", "strace"})
    @DisplayName("whatever the moment: the content is that of before or after, and the command can be given again")
    void killed(ToolWork work) throws Exception {
        ToolWork.Prepared prepared = work.prepare(Files.createDirectory(directory.resolve("prepared")), random);
        List<byte[]> allowed = work.allowed(prepared);
        Path whole = ToolWork.copy(prepared, directory.resolve("whole"));
        long workNanos = durationNanos(work, whole);
        verifyDone(work, whole, allowed.getLast());
        verifyByOthers(work, whole, prepared, allowed.getLast());
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
            foundHow[verifyLeft(work, where, prepared, allowed)]++;
            if (work.makesFile()) {
                // One that was killed behind its last step has made its file, which it would not overwrite.
                Files.deleteIfExists(where.resolve(work.judged()));
            }
            succeed(work.commandIn(where).toArray());
            verifyDone(work, where, allowed.getLast());
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
            if (work.makesFile() && isUnfinished(name)) {
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

    private static boolean isUnfinished(String name) {
        return name.matches("\\.vhdxd-.*\\.new");
    }

    /** Returns which of the contents that are allowed is there. */
    private int verifyLeft(ToolWork work, Path where, ToolWork.Prepared prepared, List<byte[]> allowed)
            throws IOException {
        verifyUntouched(work, where, prepared);
        if (work.makesFile() && !Files.exists(where.resolve(work.judged()))) {
            return 0;
        }
        byte[] content = content(where.resolve(work.judged()));
        int which = 0;
        while (which < allowed.size() && !Arrays.equals(content, allowed.get(which))) {
            which++;
        }
        assertThat(which)
                .as("%s holds what it held, or what it is to hold", where)
                .isLessThan(allowed.size());
        if (work.beginsSound() && work.judged().endsWith(".vhdx")) {
            verifySound(work, where.resolve(work.judged()));
            verifyByOthers(work, where, prepared, content);
        }
        return which;
    }

    /** Nothing but what the command is to change has changed, and nothing is left but files that their names tell apart. */
    private static void verifyUntouched(ToolWork work, Path where, ToolWork.Prepared prepared) throws IOException {
        try (Stream<Path> files = Files.list(where)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                Path before = prepared.directory().resolve(name);
                if (!Files.exists(before)) {
                    assertThat(name.equals(work.judged()) || isUnfinished(name))
                            .as(name)
                            .isTrue();
                } else if (!work.changes(name) && !name.equals("moved.vhdx")) {
                    assertThat(Files.mismatch(before, file)).as(name).isEqualTo(-1);
                }
            }
        }
    }

    /** Reads the disk, with a dirty log in memory. Of a disk that has grown it is the beginning; others look at the rest. */
    private static byte[] content(Path file) throws IOException {
        Path raw = file.resolveSibling("left.raw");
        succeed("convert", file, raw, "--no-verify", "-q");
        byte[] content;
        try (RandomAccessFile opened = new RandomAccessFile(raw.toFile(), "r")) {
            content = new byte[(int) Math.min(opened.length(), ToolWork.BLOCKS * ToolWork.MIB)];
            opened.readFully(content);
        }
        Files.delete(raw);
        return content;
    }

    /** A check finds nothing in the image and its parents, but that a merge is to be finished. */
    private static void verifySound(ToolWork work, Path image) {
        CommandLineRun run = CommandLineRun.of("check", image);
        if (work.isMerge() && run.exitCode() == ExitCode.BAD_IMAGE.number()) {
            assertThat(run.out().lines().filter(line -> line.startsWith("error:")))
                    .singleElement()
                    .asString()
                    .contains("was begun and not finished");
        } else {
            assertThat(run.exitCode()).as(run.out()).isZero();
            assertThat(run.out()).contains(": sound");
        }
    }

    private static void verifyDone(ToolWork work, Path where, byte[] expected) throws IOException {
        Path file = where.resolve(work.judged());
        assertThat(Arrays.mismatch(content(file), expected)).isEqualTo(-1);
        if (file.toString().endsWith(".vhdx")) {
            assertThat(succeed("check", file)).contains(": sound");
        }
    }

    /** QEMU, over a copy of which it replays the log. What a child holds is read from the parent it was merged to. */
    private void verifyByOthers(ToolWork work, Path where, ToolWork.Prepared prepared, byte[] content)
            throws IOException {
        if (work.isReadByQemu()) {
            Path copy = copyForQemu(where.resolve(work.judged()));
            Path expected = Files.write(directory.resolve("expected.raw"), content);
            Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", expected.toString(), copy.toString())
                    .ok();
        } else if (work == ToolWork.MERGE_PARENT) {
            Path copy = copyForQemu(where.resolve("base.vhdx"));
            Path raw = directory.resolve("base.raw");
            Tool.run("qemu-img", "convert", "-f", "vhdx", "-O", "raw", copy.toString(), raw.toString())
                    .ok();
            verifySectors(Files.readAllBytes(raw), prepared.contents());
        }
    }

    private Path copyForQemu(Path file) throws IOException {
        Path copy = directory.resolve("copy.vhdx");
        Tool.run("cp", "--sparse=always", file.toString(), copy.toString()).ok();
        Tool.run("qemu-img", "check", "-f", "vhdx", "-r", "all", copy.toString())
                .ok();
        return copy;
    }

    /** Each sector of a base that its child is merged to is that of the base, or that of the child. */
    private static void verifySectors(byte[] found, Map<String, byte[]> contents) {
        byte[] base = Objects.requireNonNull(contents.get("base.vhdx"));
        byte[] child = Objects.requireNonNull(contents.get("parent.vhdx"));
        assertThat(found).hasSameSizeAs(child);
        for (int at = 0; at < found.length; at += 512) {
            if (!Arrays.equals(found, at, at + 512, child, at, at + 512)) {
                assertThat(Arrays.equals(found, at, at + 512, base, at, at + 512))
                        .as("sector at %d", at)
                        .isTrue();
            }
        }
    }

    private static void delete(Path where) throws IOException {
        try (Stream<Path> files = Files.list(where)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(where);
    }
}
