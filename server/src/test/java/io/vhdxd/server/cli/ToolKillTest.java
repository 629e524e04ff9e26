package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Each tool that changes or makes an image is killed at random moments of its run. The disk then holds what it held or what it is
 * to hold; the same command completes the work; a check finds nothing, and QEMU reads the result.
 */
@DisplayName("SIGKILL of a tool loses nothing")
class ToolKillTest {
    private static final int MIB = 1 << 20;
    private static final int BLOCKS = 24;
    private static final int KILLS = Boolean.getBoolean("vhdxd.deep") ? 50 : 6;

    /** A command over copies of prepared files. */
    enum Work {
        CONVERT(false, "convert disk.raw image.vhdx --block-size 1M -q"),
        COMPACT(false, "compact image.vhdx --zeros -q"),
        GROW(false, "resize image.vhdx 5000M -q"),
        SHRINK(false, "resize image.vhdx 20M --accept-data-loss -q"),
        REPAIR(false, "check --repair image.vhdx"),
        MERGE(true, "merge image.vhdx -q"),
        SET_PARENT(true, "set-parent image.vhdx --parent moved.vhdx");

        private final boolean differencing;
        private final String command;

        Work(boolean differencing, String command) {
            this.differencing = differencing;
            this.command = command;
        }

        String[] words() {
            return command.split(" ", -1);
        }
    }

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private final Random random = new Random(seed());

    /** What the disk of the image may hold after a kill, and the last of them after the work. */
    private final List<byte[]> allowed = new ArrayList<>();

    private static long seed() {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("ToolKillTest: replay with -Dvhdxd.seed=" + seed);
        return seed;
    }

    private static Object[] inside(Path where, List<String> command) {
        return command.stream()
                .map(word -> word.endsWith(".vhdx") || word.endsWith(".raw")
                        ? where.resolve(word).toString()
                        : word)
                .toArray();
    }

    private static String run(Path where, String... command) {
        CommandLineRun run = CommandLineRun.of(inside(where, List.of(command)));
        assertThat(run.exitCode()).as("%s: %s", List.of(command), run.err()).isZero();
        return run.out();
    }

    private static String run(Path where, Work work) {
        return run(where, work.words());
    }

    private byte[] randomBlocks() {
        byte[] content = new byte[BLOCKS * MIB];
        random.nextBytes(content);
        return content;
    }

    /** Makes the files that the command is given, and says what may come of them. */
    private void prepare(Work work, Path where) throws IOException {
        byte[] content = randomBlocks();
        Files.write(where.resolve("disk.raw"), content);
        if (work == Work.CONVERT) {
            allowed.add(content);
            return;
        }
        String name = work.differencing ? "parent.vhdx" : "image.vhdx";
        run(where, "convert", "disk.raw", name, "--block-size", "1M", "-q");
        Path image = where.resolve(name);
        ImageBytes bytes = ImageBytes.of(image);
        switch (work) {
            case CONVERT -> throw new AssertionError();
            case COMPACT -> {
                for (int block = 0; block < BLOCKS; block += 2) {
                    bytes.setBlock(block, 0, 0);
                    Arrays.fill(content, block * MIB, (block + 1) * MIB, (byte) 0);
                }
                allowed.add(content);
            }
            case GROW -> allowed.add(content);
            case SHRINK -> {
                allowed.add(content);
                allowed.add(Arrays.copyOf(content, 20 * MIB));
            }
            case REPAIR -> {
                bytes.put((64 << 10) + 100, new byte[] {1});
                bytes.put(192 << 10, new byte[4096]);
                for (int block = 1; block < BLOCKS; block += 3) {
                    bytes.setBlock(block, 6, bytes.placeMib(block - 1));
                    System.arraycopy(content, (block - 1) * MIB, content, block * MIB, MIB);
                }
                allowed.add(content);
            }
            case MERGE, SET_PARENT -> prepareChild(work, where, content);
        }
    }

    private void prepareChild(Work work, Path where, byte[] content) throws IOException {
        run(where, "create", "image.vhdx", "--type", "differencing", "--parent", "parent.vhdx", "--block-size", "1M");
        ImageBytes child = ImageBytes.of(where.resolve("image.vhdx"));
        byte[] own = randomBlocks();
        for (int block = 0; block < BLOCKS; block += 2) {
            byte[] bytes = Arrays.copyOfRange(own, block * MIB, (block + 1) * MIB);
            child.append(block, bytes);
            System.arraycopy(bytes, 0, content, block * MIB, MIB);
        }
        child.setBlock(5, 2, 0);
        Arrays.fill(content, 5 * MIB, 6 * MIB, (byte) 0);
        allowed.add(content);
        if (work == Work.SET_PARENT) {
            // Both names lead to the parent, so that the child opens before and after.
            Files.createLink(where.resolve("moved.vhdx"), where.resolve("parent.vhdx"));
        }
    }

    @ParameterizedTest
    @EnumSource
    @NeedsTool("qemu-img")
    @DisplayName("whatever the moment: the content is that of before or after, and the command can be given again")
    void killed(Work work) throws Exception {
        Path prepared = Files.createDirectory(directory.resolve("prepared"));
        prepare(work, prepared);
        long startNanos = timed(() -> Tool.run(ServedProcess.vhdxd(List.of("--version")), Map.of(), "")
                .ok());
        Path trial = copyOf(prepared, "trial");
        long wholeNanos = timed(() -> process(trial, work).waitFor());
        verifyDone(work, trial);
        Map<String, Integer> moments = new HashMap<>();
        for (int kill = 0; kill < KILLS; kill++) {
            Path where = copyOf(prepared, "kill-" + kill);
            boolean ended = killed(work, where, random.nextLong(startNanos / 2, wholeNanos + wholeNanos / 10));
            moments.merge(ended ? "after its end" : "while it ran", 1, Integer::sum);
            verifyLeft(work, where);
            if (work == Work.CONVERT) {
                // A conversion that was killed at its very end has made its file, which it would not overwrite.
                Files.deleteIfExists(where.resolve("image.vhdx"));
            }
            run(where, work);
            verifyDone(work, where);
            delete(where);
        }
        System.out.println(work + " killed " + moments);
    }

    private interface Action {
        void run() throws Exception;
    }

    private static long timed(Action action) throws Exception {
        long begin = System.nanoTime();
        action.run();
        return System.nanoTime() - begin;
    }

    private static Process process(Path where, Work work) throws IOException {
        List<String> command = Stream.of(inside(where, List.of(work.words())))
                .map(Object::toString)
                .toList();
        return new ProcessBuilder(ServedProcess.vhdxd(command))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** Returns whether the command had ended before. */
    private static boolean killed(Work work, Path where, long afterNanos) throws Exception {
        Process process = process(where, work);
        boolean ended = process.waitFor(afterNanos, TimeUnit.NANOSECONDS);
        process.destroyForcibly().waitFor();
        return ended;
    }

    private void verifyLeft(Work work, Path where) throws IOException {
        if (work == Work.CONVERT && !Files.exists(where.resolve("image.vhdx"))) {
            assertThat(Files.readAllBytes(where.resolve("disk.raw"))).isEqualTo(allowed.getLast());
            return;
        }
        byte[] content = content(where);
        assertThat(allowed.stream().anyMatch(expected -> Arrays.equals(expected, content)))
                .as("%s holds what it held, or what it is to hold", where)
                .isTrue();
    }

    /** Reads the disk, with a dirty log in memory. Of a disk that has grown it is the beginning; QEMU looks at the rest. */
    private static byte[] content(Path where) throws IOException {
        run(where, "convert", "image.vhdx", "left.raw", "--no-verify", "-q");
        Path raw = where.resolve("left.raw");
        byte[] content;
        try (RandomAccessFile file = new RandomAccessFile(raw.toFile(), "r")) {
            content = new byte[(int) Math.min(file.length(), BLOCKS * MIB)];
            file.readFully(content);
        }
        Files.delete(raw);
        return content;
    }

    private void verifyDone(Work work, Path where) throws IOException {
        assertThat(content(where)).isEqualTo(allowed.getLast());
        assertThat(run(where, "check", "image.vhdx")).contains(": sound");
        if (work == Work.SET_PARENT) {
            return;
        }
        // QEMU reads no parents; what was merged is in the parent.
        Path file = where.resolve(work == Work.MERGE ? "parent.vhdx" : "image.vhdx");
        Path expected = Files.write(where.resolve("expected.raw"), allowed.getLast());
        Tool.run("qemu-img", "check", "-f", "vhdx", file.toString()).ok();
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", expected.toString(), file.toString())
                .ok();
        Files.delete(expected);
    }

    private Path copyOf(Path prepared, String name) throws IOException {
        Path copy = Files.createDirectory(directory.resolve(name));
        Tool.run("cp", "-a", "--sparse=always", prepared + "/.", copy.toString())
                .ok();
        return copy;
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
