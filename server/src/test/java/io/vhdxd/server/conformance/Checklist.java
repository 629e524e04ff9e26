package io.vhdxd.server.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The tables of this package's resources, and the tests that cite the checklist. */
final class Checklist {
    private static final Path TABLES = Path.of("src", "test", "resources", "conformance");
    /** A line of the checklist. */
    static final Pattern LINE = Pattern.compile("\\b(HS|OP|MC|TLS|SZ|TF|RQ|RP|CM|OR|DC|EX)-\\d\\d\\b");

    /** A test with real clients, in the text that a test class tells of itself. */
    static final Pattern CLIENT_TEST = Pattern.compile("(?<=\"[^\"\n]{0,200}\\b)T\\d{1,2}\\b");

    private Checklist() {}

    static Path file(String name) {
        return TABLES.resolve(name);
    }

    /** The lines of a table, cut at their tabs. */
    static List<String[]> table(String name) throws IOException {
        List<String[]> rows = new ArrayList<>();
        for (String line : Files.readAllLines(file(name))) {
            if (!line.isBlank() && !line.startsWith("#")) {
                rows.add(line.split("\t", -1));
            }
        }
        return rows;
    }

    /** A table of two columns. */
    static Map<String, String> pairs(String name) throws IOException {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String[] row : table(name)) {
            pairs.put(row[0], row[1]);
        }
        return pairs;
    }

    /** For each ID that a test cites, the classes with such tests. */
    static Map<String, Set<String>> citations(Pattern id) throws IOException {
        Map<String, Set<String>> citations = new LinkedHashMap<>();
        for (String module : List.of("protocol", "vhdx-engine", "server")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "test", "java"))) {
                for (Path file : files.filter(Checklist::isTest).toList()) {
                    String name = file.getFileName().toString().replace(".java", "");
                    Matcher matcher = id.matcher(Files.readString(file));
                    while (matcher.find()) {
                        citations
                                .computeIfAbsent(matcher.group(), cited -> new TreeSet<>())
                                .add(name);
                    }
                }
            }
        }
        return citations;
    }

    private static boolean isTest(Path file) {
        return file.toString().endsWith("Test.java");
    }
}
