package io.vhdxd.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Await;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server of somebody else, which listens on a Unix socket. */
final class ForeignServer implements AutoCloseable {
    private final Process process;
    private final Path socket;

    private ForeignServer(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
    }

    static ForeignServer nbdkit(Path directory, String... arguments) throws IOException {
        Path place = Files.createTempDirectory(directory, "n");
        List<String> command = new ArrayList<>(List.of(
                "nbdkit",
                "-f",
                "-e",
                "disk",
                "-U",
                place.resolve("s").toString(),
                "-P",
                place.resolve("pid").toString()));
        command.addAll(List.of(arguments));
        return start(place, command);
    }

    static ForeignServer qemuNbd(Path directory, Path file, String format) throws IOException {
        Path place = Files.createTempDirectory(directory, "q");
        return start(
                place,
                List.of(
                        "qemu-nbd",
                        "--persistent",
                        "-x",
                        "disk",
                        "-f",
                        format,
                        "--discard=unmap",
                        "-k",
                        place.resolve("s").toString(),
                        "--pid-file",
                        place.resolve("pid").toString(),
                        file.toString()));
    }

    private static ForeignServer start(Path place, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.to(place.resolve("log").toFile()))
                .start();
        Await.until(() -> Files.exists(place.resolve("pid")));
        return new ForeignServer(process, place.resolve("s"));
    }

    String uri() {
        return "nbd+unix:///disk?socket=" + socket;
    }

    /** Ends it, after it has finished what it was asked to do. */
    void stop() {
        process.destroy();
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        awaitEnd();
    }
}
