package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** Judges what an interrupted tool has left: content of before or after, and nothing else changed. */
final class ToolVerdict {
    private final Path scratch;

    /** @param scratch a directory for copies, with room for them */
    ToolVerdict(Path scratch) {
        this.scratch = scratch;
    }

    static String succeed(Object... command) {
        CommandLineRun run = CommandLineRun.of(command);
        assertThat(run.exitCode())
                .as("%s: %s%s", Arrays.asList(command), run.out(), run.err())
                .isZero();
        return run.out();
    }

    static boolean isUnfinished(String name) {
        return name.matches("\\.vhdxd-.*\\.new");
    }

    /** Returns which of the contents that are allowed is there. */
    int verifyLeft(ToolWork work, Path where, ToolWork.Prepared prepared, List<byte[]> allowed) throws IOException {
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

    static void verifyDone(ToolWork work, Path where, byte[] expected) throws IOException {
        Path file = where.resolve(work.judged());
        assertThat(Arrays.mismatch(content(file), expected)).isEqualTo(-1);
        if (file.toString().endsWith(".vhdx")) {
            assertThat(succeed("check", file)).contains(": sound");
        }
    }

    /** QEMU, over a copy of which it replays the log. What a child holds is read from the parent it was merged to. */
    void verifyByOthers(ToolWork work, Path where, ToolWork.Prepared prepared, byte[] content) throws IOException {
        if (work.isReadByQemu()) {
            Path copy = copyForQemu(where.resolve(work.judged()));
            Path expected = Files.write(scratch.resolve("expected.raw"), content);
            Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", expected.toString(), copy.toString())
                    .ok();
        } else if (work == ToolWork.MERGE_PARENT) {
            Path copy = copyForQemu(where.resolve("base.vhdx"));
            Path raw = scratch.resolve("base.raw");
            Tool.run("qemu-img", "convert", "-f", "vhdx", "-O", "raw", copy.toString(), raw.toString())
                    .ok();
            verifySectors(Files.readAllBytes(raw), prepared.contents());
        }
    }

    private Path copyForQemu(Path file) throws IOException {
        Path copy = scratch.resolve("copy.vhdx");
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
}
