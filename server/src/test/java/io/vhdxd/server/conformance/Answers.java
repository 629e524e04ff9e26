package io.vhdxd.server.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was answered to the probes.
 *
 * @param versions of the servers, by their names
 * @param answers by the probe's name: those of qemu-nbd and of nbdkit, a word for each step
 */
record Answers(Map<String, String> versions, Map<String, Map<String, List<String>>> answers) {
    static final List<String> SERVERS = List.of(OtherServers.QEMU, OtherServers.NBDKIT);

    private static final String FILE = "answers.tsv";
    private static final String VERSION_ROW = "version";

    static List<List<String>> play(Servers servers) throws IOException {
        List<List<String>> answers = new ArrayList<>();
        for (Probe probe : Probes.all()) {
            answers.add(Player.play(servers.address(probe.flavour()), probe.script()));
        }
        return answers;
    }

    static Answers read() throws IOException {
        Map<String, String> versions = new LinkedHashMap<>();
        Map<String, Map<String, List<String>>> answers = new LinkedHashMap<>();
        for (String[] row : Checklist.table(FILE)) {
            for (int i = 0; i < SERVERS.size(); i++) {
                if (row[0].equals(VERSION_ROW)) {
                    versions.put(SERVERS.get(i), row[i + 1]);
                } else {
                    answers.computeIfAbsent(row[0], probe -> new LinkedHashMap<>())
                            .put(SERVERS.get(i), List.of(row[i + 1].split("; ")));
                }
            }
        }
        return new Answers(versions, answers);
    }

    /** @param measured by the server's name, in the order of the probes */
    static void write(Map<String, String> versions, Map<String, List<List<String>>> measured) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("# What qemu-nbd and nbdkit answered to the probes; written by build/conformance.sh.");
        lines.add(VERSION_ROW + "\t"
                + String.join("\t", SERVERS.stream().map(versions::get).toList()));
        List<Probe> probes = Probes.all();
        for (int i = 0; i < probes.size(); i++) {
            int index = i;
            lines.add(probes.get(i).name() + "\t"
                    + String.join(
                            "\t",
                            SERVERS.stream()
                                    .map(server -> String.join(
                                            "; ",
                                            measured.getOrDefault(server, List.of())
                                                    .get(index)))
                                    .toList()));
        }
        Path file = Checklist.file(FILE);
        Files.write(file, lines);
    }

    List<String> of(Probe probe, String server) {
        return answers.getOrDefault(probe.name(), Map.of()).getOrDefault(server, List.of("not measured"));
    }
}
