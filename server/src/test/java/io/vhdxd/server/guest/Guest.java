package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A Linux that runs in QEMU, and obeys. It sees the host's loopback as {@link #HOST}. */
final class Guest implements AutoCloseable {
    static final String HOST = "10.0.2.2";

    private static final Path PARTS = Path.of("..", "target", "guest").toAbsolutePath();

    private static final long PATIENCE_SECONDS = 100;

    /** Ends what a command prints; its exit code follows. */
    private static final String END = "#-#exit:";

    private static final String GONE = "#-#gone";

    private final Process process;
    private final Path console;
    private final Writer commands;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    /** How a command ended, and what it printed on both streams. */
    record Result(int exitCode, String output) {}

    private Guest(Process process, Path console) {
        this.process = process;
        this.console = console;
        this.commands = process.outputWriter();
        Thread.ofPlatform().daemon().start(this::readLines);
    }

    /**
     * Starts a guest, and waits until it obeys.
     *
     * @param directory for its console's log
     * @param moreOptions more options for QEMU, such as disks
     */
    static Guest boot(Path directory, String... moreOptions) throws IOException {
        Path console = Files.createTempFile(directory, "console", ".log");
        List<String> command = new ArrayList<>(
                List.of("qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 384 -display none -vga none -nodefaults"
                        .split(" ")));
        command.addAll(List.of("-no-reboot", "-monitor", "none", "-serial", "file:" + console, "-serial", "stdio"));
        command.addAll(List.of("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="));
        command.addAll(List.of("-kernel", PARTS.resolve("kernel").toString()));
        command.addAll(List.of("-initrd", PARTS.resolve("initramfs").toString()));
        command.addAll(List.of("-append", "console=ttyS0 panic=-1 no_timer_check mitigations=off"));
        command.addAll(List.of(moreOptions));
        Process process = new ProcessBuilder(command)
                .redirectError(directory.resolve("qemu.log").toFile())
                .start();
        Guest guest = new Guest(process, console);
        try {
            guest.awaitLine("ready");
        } catch (IOException | RuntimeException | Error e) {
            guest.close();
            throw e;
        }
        return guest;
    }

    private void readLines() {
        try (BufferedReader reader = process.inputReader()) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add(e.toString());
        }
        lines.add(GONE);
    }

    /** Runs a command of the shell, which must succeed; returns what it printed, without space around it. */
    String run(String command) throws IOException {
        Result result = tryRun(command);
        assertThat(result.exitCode())
                .as(
                        "exit code of %s in the guest; it printed:%n%s%nand the kernel:%n%s",
                        command, result.output(), console())
                .isZero();
        return result.output().strip();
    }

    /** Runs a command of the shell, in one line. */
    Result tryRun(String command) throws IOException {
        send(command);
        StringBuilder output = new StringBuilder();
        while (true) {
            String line = nextLine(command);
            if (line.startsWith(END)) {
                return new Result(Integer.parseInt(line.substring(END.length())), output.toString());
            }
            output.append(line).append('\n');
        }
    }

    private void awaitLine(String expected) throws IOException {
        while (!nextLine("the start").equals(expected)) {
            // What comes before is the firmware's.
        }
    }

    private String nextLine(String command) throws IOException {
        @Nullable String line;
        try {
            line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (line == null || line.equals(GONE)) {
            throw new AssertionError((line == null ? "the guest does not answer: " : "the guest has gone: ") + command
                    + "; its kernel says:\n" + console());
        }
        return line;
    }

    private void send(String command) {
        try {
            commands.write(command + "\n");
            commands.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the kernel has said. */
    String console() throws IOException {
        return Files.readString(console);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("QEMU has ended")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
