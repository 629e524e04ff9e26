package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** The work of each tool that changes or makes an image, on a plain image and on the top of a chain of three. */
enum ToolWork {
    CONVERT(Given.RAW, "convert disk.raw made.vhdx --block-size 1M -q"),
    CONVERT_TO_RAW(Given.IMAGE, "convert image.vhdx made.raw -q"),
    FLATTEN(Given.CHAIN, "convert image.vhdx made.vhdx -q"),
    COMPACT(Given.IMAGE, "compact image.vhdx --zeros -q", "image.vhdx"),
    COMPACT_CHILD(Given.CHAIN, "compact image.vhdx --zeros -q", "image.vhdx"),
    GROW(Given.IMAGE, "resize image.vhdx 5000M -q", "image.vhdx"),
    GROW_CHILD(Given.CHAIN, "resize image.vhdx 5000M -q", "image.vhdx"),
    SHRINK(Given.IMAGE, "resize image.vhdx 20M --accept-data-loss -q", "image.vhdx"),
    SHRINK_CHILD(Given.CHAIN, "resize image.vhdx 20M --accept-data-loss -q", "image.vhdx"),
    REPAIR(Given.DAMAGED, "check --repair image.vhdx", "image.vhdx"),
    MERGE(Given.CHAIN, "merge image.vhdx -q", "image.vhdx parent.vhdx"),
    MERGE_PARENT(Given.CHAIN, "merge parent.vhdx -q", "parent.vhdx base.vhdx"),
    SET_PARENT(Given.CHAIN, "set-parent image.vhdx --parent moved.vhdx", "image.vhdx");

    static final int MIB = 1 << 20;
    static final int BLOCKS = 24;

    /** What the work begins with. */
    private enum Given {
        RAW,
        IMAGE,
        DAMAGED,
        CHAIN
    }

    private final Given given;
    private final String command;
    /** The names of the files that the work may change. */
    private final String changed;

    ToolWork(Given given, String command) {
        this(given, command, "");
    }

    ToolWork(Given given, String command, String changed) {
        this.given = given;
        this.command = command;
        this.changed = changed;
    }

    /** The files that were made for the work, and what the disks of them read. */
    record Prepared(Path directory, Map<String, byte[]> contents) {}

    /** Whether the result is a new file, under a name that begins with {@code made}. */
    boolean makesFile() {
        return changed.isEmpty();
    }

    /** The file whose disk is judged: what is made, or else the one that was there under the most children. */
    String judged() {
        return makesFile() ? List.of(command.split(" ", -1)).get(2) : "image.vhdx";
    }

    boolean isMerge() {
        return this == MERGE || this == MERGE_PARENT;
    }

    /** Whether the work may change a file that it is given. */
    boolean changes(String file) {
        return List.of(changed.split(" ", -1)).contains(file);
    }

    /** Whether a check finds nothing before the work, and so at no moment of it. */
    boolean beginsSound() {
        return given != Given.DAMAGED;
    }

    /** Whether QEMU, which reads no parents, can read what is judged. */
    boolean isReadByQemu() {
        return makesFile() ? judged().endsWith(".vhdx") : given == Given.IMAGE || given == Given.DAMAGED;
    }

    /** The command line, with the files in a directory. */
    List<String> commandIn(Path directory) {
        return Stream.of(command.split(" ", -1))
                .map(word -> word.endsWith(".vhdx") || word.endsWith(".raw")
                        ? directory.resolve(word).toString()
                        : word)
                .toList();
    }

    /** What the disk may hold while the work is under way; what it holds afterwards comes last. */
    List<byte[]> allowed(Prepared prepared) {
        byte[] before = prepared.contents.get(given == Given.RAW ? "disk.raw" : "image.vhdx");
        return command.contains(" 20M ") ? List.of(before, Arrays.copyOf(before, 20 * MIB)) : List.of(before);
    }

    /** Makes the files that the command is given. */
    Prepared prepare(Path directory, Random random) throws IOException {
        Prepared prepared = new Prepared(directory, new HashMap<>());
        byte[] content = new byte[BLOCKS * MIB];
        random.nextBytes(content);
        Files.write(directory.resolve("disk.raw"), content);
        if (given == Given.RAW) {
            prepared.contents.put("disk.raw", content);
            return prepared;
        }
        String first = given == Given.CHAIN ? "base.vhdx" : "image.vhdx";
        run(directory, "convert", "disk.raw", first, "--block-size", "1M", "-q");
        if (given == Given.CHAIN) {
            prepared.contents.put("base.vhdx", content.clone());
            makeChild(directory, "base.vhdx", "parent.vhdx", "4M");
            write(directory.resolve("parent.vhdx"), content, random);
            prepared.contents.put("parent.vhdx", content.clone());
            makeChild(directory, "parent.vhdx", "image.vhdx", "2M");
            write(directory.resolve("image.vhdx"), content, random);
            // Both names lead to the parent, so that the child opens with either.
            Files.createLink(directory.resolve("moved.vhdx"), directory.resolve("parent.vhdx"));
        } else if (given == Given.DAMAGED) {
            damage(directory.resolve("image.vhdx"), content);
        } else {
            try (WrittenImage image = new WrittenImage(directory.resolve("image.vhdx"), content, random)) {
                for (int block = 0; block < BLOCKS; block += 2) {
                    image.zero(block * MIB, MIB);
                }
            }
        }
        prepared.contents.put("image.vhdx", content);
        return prepared;
    }

    private static void makeChild(Path directory, String parent, String child, String blockSize) {
        run(directory, "create", child, "--type", "differencing", "--parent", parent, "--block-size", blockSize);
    }

    /** Leaves blocks of a child in every state, and gaps in its file. */
    private static void write(Path child, byte[] content, Random random) throws IOException {
        try (WrittenImage image = new WrittenImage(child, content, random)) {
            image.write(0, 8 * MIB);
            image.writeRuns(12, 200 << 10);
            image.zero(0, 4 * MIB);
            image.zero(12 * MIB, 4 * MIB);
            image.writeRuns(4, 200 << 10);
        }
    }

    /** Breaks a header and a copy of the region table, and lets blocks share their space. */
    private static void damage(Path file, byte[] content) throws IOException {
        ImageBytes bytes = ImageBytes.of(file);
        bytes.put((64 << 10) + 100, new byte[] {1});
        bytes.put(192 << 10, new byte[4096]);
        for (int block = 1; block < BLOCKS; block += 3) {
            bytes.setBlock(block, 6, bytes.placeMib(block - 1));
            System.arraycopy(content, (block - 1) * MIB, content, block * MIB, MIB);
        }
    }

    private static void run(Path directory, String... words) {
        List<Object> command = new ArrayList<>();
        for (String word : words) {
            command.add(word.contains(".") ? directory.resolve(word) : word);
        }
        CommandLineRun run = CommandLineRun.of(command.toArray());
        assertThat(run.exitCode()).as("%s: %s", command, run.err()).isZero();
    }

    /** A copy of what was prepared. */
    static Path copy(Prepared prepared, Path to) throws IOException {
        Files.createDirectory(to);
        Tool.run("cp", "-a", "--sparse=always", prepared.directory + "/.", to.toString())
                .ok();
        return to;
    }
}
