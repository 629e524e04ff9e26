package io.vhdxd.server.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The table of conformance")
class ConformanceTableTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @DisplayName("Every line of the checklist is cited by a test, or is left out with a reason; nothing else is cited")
    void complete() throws IOException {
        Map<String, String> lines = Checklist.pairs("checklist.tsv");
        Map<String, String> leftOut = Checklist.pairs("left-out.tsv");
        Set<String> cited = Checklist.citations(Checklist.LINE).keySet();
        Set<String> accounted = new LinkedHashSet<>(cited);
        accounted.addAll(leftOut.keySet());
        assertThat(accounted).containsExactlyInAnyOrderElementsOf(lines.keySet());
        assertThat(leftOut.keySet()).as("left out, and yet cited").doesNotContainAnyElementsOf(cited);
    }

    @Test
    @DisplayName("Every run of a real client is made by a test, or there is a reason why not; no other one is cited")
    void clients() throws IOException {
        Map<String, Set<String>> citations = Checklist.citations(Checklist.CLIENT_TEST);
        List<String> ids = new ArrayList<>();
        for (String[] row : Checklist.table("clients.tsv")) {
            ids.add(row[0]);
            assertThat(citations.containsKey(row[0]) || !row[2].isEmpty())
                    .as(row[0])
                    .isTrue();
        }
        assertThat(ids).containsAll(citations.keySet()).doesNotHaveDuplicates();
    }

    @Test
    @DisplayName("The probes have different names, and are about lines of the checklist")
    void probes() throws IOException {
        assertThat(Probes.all()).extracting(Probe::name).doesNotHaveDuplicates();
        assertThat(Checklist.pairs("checklist.tsv").keySet())
                .containsAll(Probes.all().stream()
                        .flatMap(probe -> probe.ids().stream())
                        .toList());
    }

    @Test
    @NeedsTool("openssl")
    @DisplayName("Where another server answered differently, there is a reason; the document tells what is so today")
    void current() throws IOException {
        List<List<String>> ours;
        try (OurServers servers = new OurServers(Certificates.make(directory))) {
            ours = Answers.play(servers);
        }
        Answers theirs = Answers.read();
        Differences differences = Differences.read();
        List<Differences.Difference> unexplained = new ArrayList<>();
        List<Probe> probes = Probes.all();
        for (int i = 0; i < probes.size(); i++) {
            Probe probe = probes.get(i);
            for (String server : Answers.SERVERS) {
                Differences.between(probe.script(), ours.get(i), server, theirs.of(probe, server)).stream()
                        .filter(difference -> !differences.isExplained(difference))
                        .forEach(unexplained::add);
            }
        }
        assertThat(unexplained).isEmpty();
        String document = ConformanceDocument.render(ours);
        if (Boolean.getBoolean("vhdxd.conformance.write")) {
            Files.writeString(ConformanceDocument.FILE, document);
        }
        assertThat(document)
                .as("build/conformance.sh writes the document anew")
                .isEqualTo(Files.readString(ConformanceDocument.FILE));
    }
}
