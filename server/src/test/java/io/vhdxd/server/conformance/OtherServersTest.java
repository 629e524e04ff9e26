package io.vhdxd.server.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsTool({"openssl", "qemu-nbd", "nbdkit"})
@DisplayName("vhdxd beside qemu-nbd and nbdkit")
class OtherServersTest {
    private static final int SCRIPTS = 60;
    private static final int SCRIPTS_DEEP = 3000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    private OtherServers start(String name, Certificates certificates) throws IOException {
        return OtherServers.start(name, Files.createDirectory(directory.resolve(name)), certificates);
    }

    @Test
    @DisplayName("T15: they answer to the probes what is recorded of them")
    void recorded() throws IOException {
        Certificates certificates = Certificates.make(directory.resolve("certificates"));
        Map<String, String> versions = new LinkedHashMap<>();
        Map<String, List<List<String>>> measured = new LinkedHashMap<>();
        for (String name : Answers.SERVERS) {
            try (OtherServers servers = start(name, certificates)) {
                versions.put(name, servers.version());
                measured.put(name, Answers.play(servers));
            }
        }
        if (Boolean.getBoolean("vhdxd.conformance.write")) {
            Answers.write(versions, measured);
        }
        Answers recorded = Answers.read();
        for (String name : Answers.SERVERS) {
            List<List<String>> expected =
                    Probes.all().stream().map(probe -> recorded.of(probe, name)).toList();
            if (Objects.equals(versions.get(name), recorded.versions().get(name))) {
                assertThat(measured.get(name)).as(name).isEqualTo(expected);
            } else {
                // Another version may have learned something, but it answers.
                assertThat(measured.get(name)).hasSameSizeAs(expected).noneMatch(List::isEmpty);
            }
        }
    }

    @Test
    @DisplayName("T15: in random scripts, legal and not, every difference has a known reason")
    void randomScripts() throws IOException {
        long seed = Long.getLong("vhdxd.seed", new Random().nextLong());
        int count = Boolean.getBoolean("vhdxd.deep") ? SCRIPTS_DEEP : SCRIPTS;
        System.out.println("OtherServersTest: -Dvhdxd.seed=" + seed);
        Random random = new Random(seed);
        Certificates certificates = Certificates.make(directory.resolve("certificates"));
        Differences differences = Differences.read();
        List<String> unexplained = new ArrayList<>();
        try (OurServers ours = new OurServers(certificates);
                OtherServers qemu = start(OtherServers.QEMU, certificates);
                OtherServers nbdkit = start(OtherServers.NBDKIT, certificates)) {
            for (int i = 0; i < count; i++) {
                Flavour flavour = random.nextInt(5) == 0 ? Flavour.READ_ONLY : Flavour.WRITABLE;
                Script script = RandomScripts.next(random);
                List<String> own = Player.play(ours.address(flavour), script);
                for (OtherServers other : List.of(qemu, nbdkit)) {
                    String name = other == qemu ? OtherServers.QEMU : OtherServers.NBDKIT;
                    List<String> answers = Player.play(other.address(flavour), script);
                    Differences.between(script, own, name, answers).stream()
                            .filter(difference -> !differences.isExplained(difference))
                            .map(difference -> difference + " in " + flavour + " "
                                    + script.steps().stream().map(Step::text).toList() + ": " + own + ", " + answers)
                            .forEach(unexplained::add);
                }
            }
        }
        assertThat(unexplained).as("seed %d", seed).isEmpty();
    }
}
