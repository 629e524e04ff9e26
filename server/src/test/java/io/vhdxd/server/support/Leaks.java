package io.vhdxd.server.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The descriptors and threads of this process, counted before and after. */
public final class Leaks {
    private final long descriptors = entries("/proc/self/fd");
    private final long threads = entries("/proc/self/task");

    public void assertNone() {
        Await.until(() -> entries("/proc/self/fd") <= descriptors);
        // The JVM's own threads come and go.
        assertThat(entries("/proc/self/task")).isLessThan(threads + 5);
    }

    private static long entries(String directory) {
        try (Stream<Path> list = Files.list(Path.of(directory))) {
            return list.count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
