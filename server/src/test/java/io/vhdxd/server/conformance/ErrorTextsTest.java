package io.vhdxd.server.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("What clients are told about errors")
class ErrorTextsTest {
    private static final int RANDOM_SCRIPTS = 300;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @NeedsTool("openssl")
    @DisplayName(
            "HS-12, RP-09, CL-04: every error has a text: short, visible, of whole sentences, and about the request")
    void texts() throws IOException {
        long seed = Long.getLong("vhdxd.seed", new Random().nextLong());
        System.out.println("ErrorTextsTest: -Dvhdxd.seed=" + seed);
        Random random = new Random(seed);
        Set<String> texts = new TreeSet<>();
        try (OurServers servers = new OurServers(Certificates.make(directory))) {
            for (Probe probe : Probes.all()) {
                texts.addAll(texts(servers, probe.flavour(), probe.script()));
            }
            for (int i = 0; i < RANDOM_SCRIPTS; i++) {
                Flavour flavour = random.nextInt(5) == 0 ? Flavour.READ_ONLY : Flavour.WRITABLE;
                texts.addAll(texts(servers, flavour, RandomScripts.next(random)));
            }
        }
        assertThat(texts)
                .as("seed %d", seed)
                .hasSizeGreaterThan(50)
                .allSatisfy(text -> assertThat(text)
                        .matches("[A-Z][\\x20-\\x7e]{10,250}\\.")
                        .contains(" ")
                        .doesNotContain("Exception", "java.", "null"));
    }

    private static List<String> texts(OurServers servers, Flavour flavour, Script script) throws IOException {
        return Player.converse(servers.address(flavour), script).errorTexts();
    }
}
