package io.vhdxd.server.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The closing lines of verify")
class VerifyTest {
    private static final String GOOD = """
            <testsuite name="a.GoodTest" time="1" tests="3" errors="0" skipped="0" failures="0">
              <testcase name="one" classname="a.GoodTest" time="0.1"/>
            </testsuite>
            """;

    private static final String MIXED = """
            <testsuite name="b.MixedTest" time="1" tests="4" errors="1" skipped="1" failures="1">
              <testcase name="fails" classname="b.MixedTest" time="0.1">
                <failure message="no" type="x"/>
              </testcase>
              <testcase name="breaks" classname="b.MixedTest" time="0.1">
                <error message="no" type="x"/>
              </testcase>
              <testcase name="waits" classname="b.MixedTest" time="0.1">
                <skipped message="needs nbdcopy &amp; &quot;more&quot;"/>
              </testcase>
            </testsuite>
            """;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private SourceTree tree;

    @BeforeEach
    void plant() throws IOException {
        tree = new SourceTree(directory);
        tree.addJdk("jdk-25", "25");
        tree.addCommand("id", "echo 1000");
    }

    @Test
    @DisplayName("All good: how many tests ran; the options went to Maven")
    void good() throws IOException {
        report(GOOD, 0);
        Tool.Result result =
                tree.run(tree.root.resolve("verify"), "--deep", "-o").ok();
        assertThat(result.out())
                .endsWith("Tests: 3 ran, 0 failed, 0 skipped.\nverify: all good\n")
                .contains("verify: missing: ", "tests that need them are left out");
        assertThat(tree.mavenCalls().getFirst()).endsWith("verify -Dvhdxd.deep=true -o");
    }

    @Test
    @DisplayName("Failed and skipped tests are named, with the reason; so is the failure of it all")
    void failures() throws IOException {
        report(GOOD + MIXED, 1);
        Tool.Result result = tree.run(tree.root.resolve("verify"));
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out())
                .contains(
                        "  failed:  b.MixedTest.fails\n",
                        "  failed:  b.MixedTest.breaks\n",
                        "  skipped: b.MixedTest.waits: needs nbdcopy & \"more\"\n",
                        "Tests: 6 ran, 2 failed, 1 skipped.\n")
                .endsWith("verify: FAILED\n");
    }

    @Test
    @DisplayName("A build that fails without a failed test is a failure, and so is one without tests")
    void noTests() throws IOException {
        report(GOOD, 1);
        assertThat(tree.run(tree.root.resolve("verify")).exitCode()).isEqualTo(1);
        report("", 0);
        assertThat(tree.run(tree.root.resolve("verify")).exitCode()).isEqualTo(1);
    }

    @Test
    @DisplayName("Reports of an earlier run do not count")
    void oldReports() throws IOException {
        report(GOOD + MIXED, 1);
        assertThat(tree.run(tree.root.resolve("verify")).exitCode()).isEqualTo(1);
        tree.addMaven("mkdir -p server/target/surefire-reports server/target/lib; touch server/target/vhdxd-server.jar;"
                + " cat >server/target/surefire-reports/TEST-b.xml <<'END'\n" + GOOD + "END\n");
        assertThat(tree.run(tree.root.resolve("verify")).ok().out()).contains("Tests: 3 ran, 0 failed");
    }

    @Test
    @DisplayName("In CI a missing tool must not go unnoticed")
    void strict() throws IOException {
        report(GOOD, 0);
        tree.set("CI", "true");
        assertThat(tree.run(tree.root.resolve("verify")).ok().out()).contains("strict: 1");
        tree.set("CI", "");
        assertThat(tree.run(tree.root.resolve("verify")).ok().out()).contains("strict: no");
    }

    @Test
    @DisplayName("Root on a system with apt-get: what is missing is installed")
    void installs() throws IOException {
        report(GOOD, 0);
        tree.addCommand("id", "echo 0");
        tree.addCommand("apt-get", "echo \"apt-get $*\"");
        Tool.Result result = tree.run(tree.root.resolve("verify")).ok();
        assertThat(result.err())
                .contains("apt-get -qq update", "apt-get -qq install -y --no-install-recommends", "qemu-utils");
        assertThat(result.out()).contains("verify: missing: ");
    }

    private void report(String xml, int exitCode) throws IOException {
        tree.addMaven("mkdir -p server/target/surefire-reports server/target/lib; touch server/target/vhdxd-server.jar;"
                + " cat >server/target/surefire-reports/TEST-a.xml <<'END'\n" + xml + "END\nexit " + exitCode);
    }
}
