package io.vhdxd.server.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Every known way to hurt an NBD server is shown to fail by a test that cites its ID, or there is a reason why none is needed.
 * The table in {@code docs/security.md} is made of that: {@code -Dvhdxd.write-docs=true} writes it anew.
 */
class SecurityTableTest {
    private static final Path DATA = Path.of("src/test/resources/io/vhdxd/server/launch/security.tsv");
    private static final Path DOCUMENT = Path.of("..", "docs", "security.md");
    private static final String BEGIN = "<!-- The table is written by SecurityTableTest. -->\n";
    private static final int ID_COUNT = 41;
    private static final Pattern ID = Pattern.compile("SEC-[0-9]{2}");

    private record Threat(String id, String what, String excuse) {}

    @Test
    @DisplayName("Every ID is cited by a test or excused; the table says so")
    void table() throws IOException {
        Map<String, SortedSet<String>> citations = citations();
        List<Threat> threats = threats();
        assertThat(threats).hasSize(ID_COUNT);
        StringBuilder table = new StringBuilder("\n| ID | What is tried | Shown by |\n|---|---|---|\n");
        List<String> missing = new ArrayList<>();
        for (Threat threat : threats) {
            SortedSet<String> tests = citations.getOrDefault(threat.id, new TreeSet<>());
            if (tests.isEmpty() && threat.excuse.isEmpty()) {
                missing.add(threat.id);
            }
            String shown = tests.isEmpty() ? threat.excuse : "`" + String.join("`, `", tests) + "`";
            table.append("| ").append(threat.id).append(" | ").append(threat.what);
            table.append(" | ").append(shown).append(" |\n");
        }
        assertThat(missing).as("IDs without a test or an excuse").isEmpty();
        assertThat(threats.stream().map(Threat::id))
                .containsAll(citations.keySet())
                .doesNotHaveDuplicates();

        String document = Files.readString(DOCUMENT);
        assertThat(document).contains(BEGIN);
        int tableAt = document.indexOf(BEGIN) + BEGIN.length();
        String wanted = document.substring(0, tableAt) + table;
        if (Boolean.getBoolean("vhdxd.write-docs")) {
            Files.writeString(DOCUMENT, wanted);
        } else {
            assertThat(document)
                    .as("docs/security.md (mvn test -Dtest=SecurityTableTest -Dvhdxd.write-docs=true writes it)")
                    .isEqualTo(wanted);
        }
    }

    private static List<Threat> threats() throws IOException {
        List<Threat> threats = new ArrayList<>();
        for (String line : Files.readAllLines(DATA).stream().skip(1).toList()) {
            String[] fields = line.split("\t", -1);
            assertThat(fields).as(line).hasSize(3);
            threats.add(new Threat(fields[0], fields[1], fields[2]));
        }
        return threats;
    }

    /** The test classes that cite each ID, in all modules. */
    private static Map<String, SortedSet<String>> citations() throws IOException {
        Map<String, SortedSet<String>> citations = new TreeMap<>();
        for (String module : List.of("protocol", "vhdx-engine", "server")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "test", "java"))) {
                for (Path file : files.filter(path -> path.toString().endsWith("Test.java"))
                        .toList()) {
                    String name = file.getFileName().toString().replace(".java", "");
                    ID.matcher(Files.readString(file))
                            .results()
                            .map(MatchResult::group)
                            .forEach(id -> citations
                                    .computeIfAbsent(id, key -> new TreeSet<>())
                                    .add(name));
                }
            }
        }
        return citations;
    }
}
