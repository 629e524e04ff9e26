package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs other programs, and does not wait for ever. */
public final class Tool {
    private static final long PATIENCE_SECONDS = 120;

    private Tool() {}

    /** How a program ended, and what it said. */
    public record Result(int exitCode, String out, String err) {
        /** The program must have succeeded. */
        public Result ok() {
            assertThat(exitCode).as("exit code; output:%n%s%s", out, err).isZero();
            return this;
        }
    }

    public static Result run(String... command) throws IOException {
        return run(List.of(command), Map.of(), "");
    }

    /** Runs a program with more environment variables and some input. */
    public static Result run(List<String> command, Map<String, String> environment, String input) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            CompletableFuture<String> out = reading(process.getInputStream());
            CompletableFuture<String> err = reading(process.getErrorStream());
            try (var stdin = process.outputWriter(StandardCharsets.UTF_8)) {
                stdin.write(input);
            }
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(command + " does not end");
            }
            return new Result(process.exitValue(), out.join(), err.join());
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Each stream has a thread of its own: a pool could have too few for all programs that run at once. */
    private static CompletableFuture<String> reading(InputStream stream) {
        return CompletableFuture.supplyAsync(
                () -> readAll(stream), task -> Thread.ofPlatform().daemon().start(task));
    }

    private static String readAll(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
