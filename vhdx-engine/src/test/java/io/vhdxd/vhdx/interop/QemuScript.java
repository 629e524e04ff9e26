package io.vhdxd.vhdx.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.vhdx.fixture.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** What one run of qemu-io does to an image. */
final class QemuScript {
    private final List<String> commands = new ArrayList<>();
    /** Writes that run side by side; none of them overlaps another. */
    private final List<Change> underWay = new ArrayList<>();

    /**
     * Adds a change.
     *
     * @param sideBySide whether it may run while others do
     */
    void add(Change change, boolean sideBySide) {
        boolean overlaps = underWay.stream()
                .anyMatch(other -> change.offsetBytes() < other.endBytes() && other.offsetBytes() < change.endBytes());
        if (!sideBySide || overlaps) {
            join();
        }
        String range = change.offsetBytes() + " " + change.lengthBytes();
        switch (change) {
            case Change.Write write -> {
                String flags = (write.durable() ? "-f " : "") + "-q -P " + Byte.toUnsignedInt(write.value());
                commands.add((sideBySide ? "aio_write " : "write ") + flags + " " + range);
                if (sideBySide) {
                    underWay.add(change);
                }
            }
            case Change.Zero _ -> {
                join();
                commands.add("write -q -z " + range);
            }
            case Change.Flush _ -> {
                join();
                commands.add("flush");
            }
            case Change.Trim _, Change.Grow _ ->
                throw new IllegalArgumentException(change + " (expected: something that QEMU's driver does)");
        }
    }

    private void join() {
        if (!underWay.isEmpty()) {
            commands.add("aio_flush");
            underWay.clear();
        }
    }

    /** Adds reads that fail if a range holds anything else. */
    void expect(DiskRuns disk, List<DiskVerifier.Range> ranges) {
        join();
        for (DiskVerifier.Range range : ranges) {
            disk.visit(
                    range.startBytes(),
                    range.endBytes(),
                    (start, end, value) -> commands.add(
                            "read -q -P " + Byte.toUnsignedInt(value) + " " + start + " " + (end - start)));
        }
    }

    void run(Path image) throws IOException, InterruptedException {
        join();
        Tool io = Tool.run(command(image, List.of()));
        assertThat(io.output()).doesNotContain("failed", "error");
        io.succeeded();
    }

    /**
     * Runs it, and kills QEMU when a thread of it begins its n-th write to the file.
     *
     * @return whether it came so far
     */
    boolean runAndKill(Path image, RandomGenerator random) throws IOException, InterruptedException {
        join();
        String injection = "inject=pwrite64:signal=SIGKILL:when=" + random.nextInt(1, 16);
        List<String> strace =
                List.of("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", injection);
        return Tool.run(command(image, strace)).exitCode() != 0;
    }

    private String[] command(Path image, List<String> before) {
        List<String> command = new ArrayList<>(before);
        // Nothing here is about loss of power, and without syncs it takes a fraction of the time.
        command.addAll(List.of("qemu-io", "-t", "unsafe", "-f", "vhdx"));
        for (String each : commands) {
            command.addAll(List.of("-c", each));
        }
        command.add(image.toString());
        return command.toArray(String[]::new);
    }
}
