package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code vhdxd serve} in a process of its own, with the JVM options that the launcher uses. */
public final class ServedProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 120;
    private static final Pattern EXPORT_URI = Pattern.compile("qemu-img info '?(nbd[^' \\n]*)'?");
    private static final Pattern PORT = Pattern.compile("nbd-client 127\\.0\\.0\\.1 ([0-9]+) ");

    private static final Pattern METRICS = Pattern.compile("(http://[^ ]+)/metrics");

    private final Process process;
    private final Path log;
    private final List<String> lines = new ArrayList<>();

    private ServedProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Serves on any free port, and waits until it is ready. */
    public static ServedProcess start(Path directory, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("serve", "-l", "127.0.0.1:0"));
        command.addAll(Arrays.asList(arguments));
        return startAs(directory, vhdxd(command));
    }

    /** The command that runs vhdxd in a JVM of its own. */
    public static List<String> vhdxd(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + Path.of("..", "build", "jvm.options").toAbsolutePath(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.vhdxd.server.Main"));
        command.addAll(arguments);
        return command;
    }

    /** Runs a command that serves, and waits until it is ready. */
    public static ServedProcess startAs(Path directory, List<String> command) throws IOException {
        Path log = Files.createTempFile(directory, "serve", ".log");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(log.toFile())
                .start();
        ServedProcess served = new ServedProcess(process, log);
        try {
            served.awaitReady();
        } catch (IOException | RuntimeException | Error e) {
            served.kill();
            throw e;
        }
        return served;
    }

    @SuppressWarnings("resource") // The process owns its streams.
    private void awaitReady() throws IOException {
        BufferedReader out = process.inputReader();
        for (String line = out.readLine(); !"Ready.".equals(line); line = out.readLine()) {
            if (line == null) {
                throw new AssertionError("the server has ended: " + log());
            }
            lines.add(line);
        }
    }

    /** What it printed, without the last line. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    /** The address of the first export, as it was printed. */
    public String uri() {
        Matcher matcher = EXPORT_URI.matcher(String.join("\n", lines));
        assertThat(matcher.find()).as("a URI in what was printed").isTrue();
        return matcher.group(1);
    }

    public ListenAddress address() {
        Matcher matcher = PORT.matcher(String.join("\n", lines));
        assertThat(matcher.find()).as("a port in what was printed").isTrue();
        return new ListenAddress.Tcp("127.0.0.1", Integer.parseInt(matcher.group(1)));
    }

    /** Where it tells metrics, if it was started with {@code --metrics}. */
    public URI metrics() throws IOException {
        Matcher matcher = METRICS.matcher(log());
        assertThat(matcher.find()).as("an address of metrics in the log").isTrue();
        return URI.create(matcher.group(1));
    }

    /** What it has logged so far. */
    public String log() throws IOException {
        return Files.readString(log);
    }

    public long pid() {
        return process.pid();
    }

    public void signal(String name) throws IOException {
        Tool.run("kill", "-" + name, String.valueOf(process.pid())).ok();
    }

    /** Sends a signal, and waits for the end; returns the exit code. */
    public int stop(String signal) throws IOException {
        signal(signal);
        return awaitEnd();
    }

    public int awaitEnd() {
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("the server has ended")
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        return process.exitValue();
    }

    /** SIGKILL, for everything that was started. */
    public void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        awaitEnd();
    }

    @Override
    public void close() {
        kill();
    }
}
