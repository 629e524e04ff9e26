package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chain of three disks in the hands of fio: served, killed, read again, and merged until one disk is left. */
class ServedChainTest {
    private static final String MIB_OF_EACH_JOB = Boolean.getBoolean("vhdxd.deep") ? "30m" : "4m";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @NeedsTool({"fio", "nbdcopy", "qemu-img"})
    @DisplayName("R1, R5: what fio verified is there after a SIGKILL, and merges, killed and repeated, keep all of it")
    void killedAndMerged() throws IOException, InterruptedException {
        Path base = create("base.vhdx", "256M", "--block-size", "1M");
        writeWithFio(base, 1);
        Path parent =
                create("parent.vhdx", "--type", "differencing", "--parent", base.toString(), "--block-size", "4M");
        writeWithFio(parent, 2);
        Path child =
                create("child.vhdx", "--type", "differencing", "--parent", parent.toString(), "--block-size", "2M");
        try (ServedProcess server = ServedProcess.start(directory, child.toString())) {
            fio(server.uri(), 3, "--do_verify=1");
            long sizeBefore = Files.size(child);
            Process more = fioProcess(server.uri(), 4, "--offset=128m");
            Await.until(() -> Files.size(child) > sizeBefore || !more.isAlive());
            server.kill();
            more.waitFor();
        }
        Path shown = directory.resolve("shown.raw");
        try (ServedProcess server = ServedProcess.start(directory, child.toString())) {
            fio(server.uri(), 3, "--verify_only");
            Tool.run("nbdcopy", server.uri(), shown.toString()).ok();
            assertThat(server.stop("TERM")).as(server.log()).isZero();
        }
        merge(child, parent);
        try (ServedProcess server = ServedProcess.start(directory, "--read-only", parent.toString())) {
            fio(server.uri(), 3, "--verify_only");
        }
        merge(parent, base);
        Tool.run("qemu-img", "check", "-f", "vhdx", base.toString()).ok();
        Tool.run("qemu-img", "compare", "-f", "raw", "-F", "vhdx", shown.toString(), base.toString())
                .ok();
    }

    private Path create(String name, String... arguments) throws IOException {
        Path image = directory.resolve(name);
        List<String> command = new ArrayList<>(List.of("create", image.toString()));
        command.addAll(Arrays.asList(arguments));
        run(command);
        return image;
    }

    /** Kills a merge when it has begun to change the parent, and has it done again. */
    private void merge(Path child, Path parent) throws IOException, InterruptedException {
        List<String> command = List.of("merge", child.toString(), "-q");
        byte[] before = headers(parent);
        Process killed = new ProcessBuilder(ServedProcess.vhdxd(command))
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
        Await.until(() -> !Arrays.equals(headers(parent), before) || !killed.isAlive());
        killed.destroyForcibly().waitFor();
        run(command);
    }

    private static byte[] headers(Path image) throws IOException {
        try (var in = Files.newInputStream(image)) {
            return in.readNBytes(192 << 10);
        }
    }

    private static void run(List<String> command) throws IOException {
        Tool.run(ServedProcess.vhdxd(command), Map.of(), "").ok();
    }

    private void writeWithFio(Path image, int seed) throws IOException {
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            fio(server.uri(), seed, "--do_verify=1");
            assertThat(server.stop("TERM")).as(server.log()).isZero();
        }
    }

    private static void fio(String uri, int seed, String... options) throws IOException {
        Tool.run(fioCommand(uri, seed, options), Map.of(), "").ok();
    }

    private static Process fioProcess(String uri, int seed, String... options) throws IOException {
        return new ProcessBuilder(fioCommand(uri, seed, options))
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
    }

    /** Four jobs, in regions that lie in blocks of all sizes, with a flush after each hundred writes. */
    private static List<String> fioCommand(String uri, int seed, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "fio",
                "--name=verify",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--rw=randwrite",
                "--bsrange=512-64k",
                "--bs_unaligned=0",
                "--blockalign=512",
                "--size=" + MIB_OF_EACH_JOB,
                "--offset_increment=31m",
                "--numjobs=4",
                "--iodepth=8",
                "--fsync=100",
                "--end_fsync=1",
                "--verify=crc32c",
                "--verify_state_save=0",
                "--randseed=" + seed,
                "--group_reporting"));
        command.addAll(Arrays.asList(options));
        return command;
    }
}
