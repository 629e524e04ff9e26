package io.vhdxd.nbd.codec;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.Jazzer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs Jazzer in a process of its own: it makes inputs of those that it has, and keeps what leads it to code that it has not
 * seen. The input that a check fails for is in the message; as a further line of the corpus it is tried first from then on.
 */
final class GuidedFuzzing {
    /** How many inputs are tried, or for how many seconds. */
    private static final String EXTENT = Boolean.getBoolean("vhdxd.deep") ? "-max_total_time=480" : "-runs=20000";

    private static final Path CORPORA = Path.of("src", "test", "corpus");
    static final int INPUT_BYTES_MAX = 4096;
    private static final String FINDING = "finding-";

    private GuidedFuzzing() {}

    /**
     * Fails if one of the inputs makes the target's {@code fuzzerTestOneInput} throw anything.
     *
     * @param corpus the name of a file with inputs to begin with, in hexadecimal digits
     * @param seeds further ones
     * @param directory an empty one
     */
    static void run(Class<?> target, String corpus, List<byte[]> seeds, Path directory)
            throws IOException, InterruptedException {
        Path inputs = Files.createDirectory(directory.resolve("inputs"));
        List<byte[]> known = new ArrayList<>(seeds);
        known.addAll(read(corpus));
        for (int i = 0; i < known.size(); i++) {
            Files.write(inputs.resolve(String.valueOf(i)), known.get(i));
        }
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(command(target, inputs, directory))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int exitCode;
        try {
            exitCode = process.waitFor();
        } finally {
            process.destroyForcibly();
        }
        List<String> said = Files.readAllLines(output);
        said.stream()
                .filter(line -> line.contains("INFO: Seed:") || line.contains("INITED") || line.contains("DONE"))
                .forEach(line -> System.out.println(target.getSimpleName() + ": " + line));
        assertThat(exitCode)
                .as("%s%n%s", findings(directory), String.join("\n", said))
                .isZero();
    }

    private static List<byte[]> read(String corpus) throws IOException {
        return Files.readAllLines(CORPORA.resolve(corpus)).stream()
                .map(HexFormat.of()::parseHex)
                .toList();
    }

    private static List<String> command(Class<?> target, Path inputs, Path directory) {
        // Jazzer is to explore the server's code, not these.
        String testClasses = Stream.of(
                        target, FuzzInput.class, TestConnection.class, RecordingHandler.class, TrackingAllocator.class)
                .map(Class::getName)
                .collect(Collectors.joining(":"));
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+EnableDynamicAgentLoading",
                "-Xmx512m",
                "-ea",
                Jazzer.class.getName(),
                "--target_class=" + target.getName(),
                "--instrumentation_includes=io.vhdxd.nbd.**",
                "--custom_hook_includes=io.vhdxd.nbd.**",
                "--instrumentation_excludes=" + testClasses,
                "--custom_hook_excludes=" + testClasses,
                "--reproducer_path=" + directory,
                "-artifact_prefix=" + directory.resolve(FINDING),
                EXTENT,
                "-max_len=" + INPUT_BYTES_MAX,
                "-reduce_inputs=1",
                inputs.toString());
    }

    /** What was found, as lines for the corpus. */
    private static List<String> findings(Path directory) throws IOException {
        List<String> findings = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.filter(file -> file.getFileName().toString().startsWith(FINDING))
                    .toList()) {
                findings.add(HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return findings;
    }
}
