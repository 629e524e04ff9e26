package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.nbd.Command;
import io.vhdxd.nbd.NbdError;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.SmallFileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each tool that changes or makes an image runs where the file system has no room, little, and nearly enough. */
@DisplayName("A tool that finds the file system full loses nothing")
class FullDiskTest {
    private static final int RANDOM_RUNS = Boolean.getBoolean("vhdxd.deep") ? 30 : 2;
    private static final int SIZE_MIB = 512;
    private static final int FREE_MAX_BYTES = 30 << 20;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private final Random random = new Random(seed());

    private static long seed() {
        long seed = Long.getLong("vhdxd.seed", System.nanoTime());
        System.out.println("FullDiskTest: replay with -Dvhdxd.seed=" + seed);
        return seed;
    }

    @ParameterizedTest
    @EnumSource
    @NeedsTool({"qemu-img", "root", "mount", "fallocate"})
    @DisplayName("it says so; the content is that of before or after; with room the same command completes the work")
    void full(ToolWork work) throws Exception {
        ToolWork.Prepared prepared = work.prepare(Files.createDirectory(directory.resolve("prepared")), random);
        List<Long> freeBytes = new ArrayList<>(List.of(0L, 64L << 10));
        for (int i = 0; i < RANDOM_RUNS; i++) {
            freeBytes.add(random.nextLong(FREE_MAX_BYTES));
        }
        for (long free : freeBytes) {
            run(work, prepared, free);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dynamic", "fixed"})
    @NeedsTool({"root", "mount", "fallocate"})
    @DisplayName("create: it says so, and leaves no file")
    void create(String type) throws Exception {
        try (SmallFileSystem small = new SmallFileSystem(directory.resolve("small"), SIZE_MIB)) {
            small.fillBut(0);
            Path file = small.root().resolve("made.vhdx");
            CommandLineRun run = CommandLineRun.of("create", file, "64M", "--type", type);
            assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.CANNOT_CREATE.number());
            assertThat(run.err()).contains("no space left on device").doesNotContain("\tat ");
            assertThat(small.root().toFile().list()).containsExactly("filler");
        }
    }

    @Test
    @NeedsTool({"root", "mount", "fallocate"})
    @DisplayName(
            "R4, reliability.md 1: serve: a write that finds no room fails with ENOSPC, all others stay, and with room it goes on")
    void served() throws Exception {
        byte[] piece = new byte[ToolWork.MIB];
        random.nextBytes(piece);
        try (SmallFileSystem small = new SmallFileSystem(directory.resolve("small"), SIZE_MIB)) {
            Path image = small.root().resolve("disk.vhdx");
            ToolVerdict.succeed("create", image, "1G", "--block-size", "1M");
            small.fillBut(FREE_MAX_BYTES);
            try (ServedProcess server = ServedProcess.startAs(
                            directory, ServedProcess.vhdxd(List.of("serve", "-l", "127.0.0.1:0", image.toString())));
                    NbdClient client = NbdClient.simple(server.address(), "disk")) {
                int answered = 0;
                int outcome = 0;
                while (outcome == 0 && answered < SIZE_MIB) {
                    client.write(0, 1, (long) answered * ToolWork.MIB, piece);
                    outcome = client.outcome();
                    answered += outcome == 0 ? 1 : 0;
                }
                assertThat(outcome).isEqualTo(NbdError.ENOSPC.wireValue());
                assertThat(answered).isPositive();
                for (int i = 0; i < answered; i++) {
                    assertThat(client.read((long) i * ToolWork.MIB, ToolWork.MIB))
                            .isEqualTo(piece);
                }
                client.request(Command.FLUSH, 0, 2, 0, 0);
                assertThat(client.outcome()).isZero();
                small.empty();
                client.write(0, 3, (long) answered * ToolWork.MIB, piece);
                assertThat(client.outcome()).isZero();
                assertThat(server.stop("TERM")).isZero();
            }
            assertThat(ToolVerdict.succeed("check", image)).contains(": sound");
        }
    }

    private void run(ToolWork work, ToolWork.Prepared prepared, long freeBytes) throws Exception {
        List<byte[]> allowed = work.allowed(prepared);
        ToolVerdict verdict = new ToolVerdict(directory);
        try (SmallFileSystem small = new SmallFileSystem(directory.resolve("small"), SIZE_MIB)) {
            Path where = ToolWork.copy(prepared, small.root().resolve("work"));
            small.fillBut(freeBytes);
            CommandLineRun run = CommandLineRun.of(work.commandIn(where).toArray());
            String told = work + " with " + freeBytes + " bytes free: " + run;
            if (run.exitCode() != ExitCode.OK.number()) {
                ExitCode expected = work.makesFile() ? ExitCode.CANNOT_CREATE : ExitCode.CANNOT_CHANGE;
                assertThat(run.exitCode()).as(told).isEqualTo(expected.number());
                assertThat(run.err())
                        .as(told)
                        .contains("no space left on device")
                        .doesNotContain("\tat ");
                if (work.name().startsWith("COMPACT") && freeBytes == 0) {
                    assertThat(run.err()).as(told).contains("log needs 262144 bytes");
                }
            }
            assertThat(where.toFile().list()).as(told).noneMatch(ToolVerdict::isUnfinished);
            // Where there is room for copies.
            ToolWork.Prepared left = new ToolWork.Prepared(where, prepared.contents());
            Path copy = ToolWork.copy(left, directory.resolve("left"));
            verdict.verifyLeft(work, copy, prepared, allowed);
            ToolKillTest.delete(copy);
            small.empty();
            if (run.exitCode() != ExitCode.OK.number() || !work.makesFile()) {
                ToolVerdict.succeed(work.commandIn(where).toArray());
            }
            ToolVerdict.verifyDone(work, where, allowed.getLast());
        }
    }
}
