package io.vhdxd.server.launch;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private SourceTree tree;

    @BeforeEach
    void plant() throws IOException {
        tree = new SourceTree(directory);
    }

    @Test
    @DisplayName("Builds once, quietly, and runs what it built with the arguments as they are")
    void buildsAndRuns() throws IOException {
        tree.addJdk("jdk-25", "25.0.3");
        tree.addMaven();
        Tool.Result first = tree.vhdxd("info", "a b.vhdx", "", "*").ok();
        assertThat(first.err()).isEqualTo("vhdxd: building (this takes a minute the first time)\n");
        List<String> lines = first.out().lines().toList();
        assertThat(lines).startsWith("@" + tree.root.resolve("build/jvm.options"), "-jar");
        assertThat(lines.subList(3, lines.size() - 1)).containsExactly("info", "a b.vhdx", "", "*");
        assertThat(Path.of(lines.get(2))).hasContent("jar");
        assertThat(Path.of(lines.get(2)).resolveSibling("lib/l")).exists();

        Tool.Result second = tree.vhdxd("info").ok();
        assertThat(second.err()).isEmpty();
        assertThat(tree.mavenCalls())
                .hasSize(1)
                .first()
                .asString()
                .startsWith(tree.jdks.resolve("jdk-25") + " -f " + tree.root.resolve("pom.xml"))
                .contains("-Dmaven.test.skip=true")
                .endsWith(" package");
    }

    @Test
    @DisplayName("Builds again when a source is newer, new or gone")
    void buildsAgain() throws IOException {
        tree.addJdk("jdk-25", "25");
        tree.addMaven();
        tree.vhdxd().ok();
        tree.touch("server/src/main/A.java");
        tree.vhdxd().ok();
        assertThat(tree.mavenCalls()).hasSize(2);
        Files.delete(tree.root.resolve("server/src/main/A.java"));
        tree.touch("server/src/main");
        tree.vhdxd().ok();
        assertThat(tree.mavenCalls()).hasSize(3);
        tree.touch("pom.xml");
        tree.vhdxd().ok();
        assertThat(tree.mavenCalls()).hasSize(4);
    }

    @Test
    @DisplayName("A build does not touch what a server that runs was started from; unused builds are removed")
    void runningServerKeepsItsBuild() throws IOException {
        Path jdk = tree.addJdk("jdk-25", "25");
        tree.addMaven();
        Path go = directory.resolve("go");
        Path started = directory.resolve("started");
        Files.writeString(jdk.resolve("bin/java"), """
                #!/usr/bin/env bash
                jar=${@:3:1}
                if [[ $4 == serve ]]; then
                    touch '%s'
                    until [[ -e '%s' ]]; do sleep 0.01; done
                fi
                cat "$jar"
                echo "$jar"
                """.formatted(started, go));
        try (ExecutorService background = Executors.newSingleThreadExecutor()) {
            Future<Tool.Result> server = background.submit(() -> tree.vhdxd("serve"));
            io.vhdxd.server.support.Await.until(() -> Files.exists(started));
            tree.touch("pom.xml");
            String other = tree.vhdxd("info").ok().out();
            assertThat(builds()).hasSize(2);
            Files.createFile(go);
            Tool.Result ended = server.get().ok();
            assertThat(ended.out()).startsWith("jar\n").isNotEqualTo(other);
            tree.touch("server/pom.xml");
            Tool.Result last = tree.vhdxd("info").ok();
            assertThat(builds())
                    .as(last.err() + last.out() + other + ended.out())
                    .hasSize(1);
        } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    private List<Path> builds() throws IOException {
        try (var entries = Files.list(tree.root.resolve("target/run"))) {
            return entries.filter(path -> Files.isDirectory(path) && !Files.isSymbolicLink(path))
                    .toList();
        }
    }

    @Test
    @DisplayName("Runs with the AOT cache of its build; without one if it cannot be made, and says nothing of it")
    void cacheOfTheBuild() throws IOException {
        tree.addJdk("jdk-25", "25");
        tree.addMaven();
        tree.addScript("build/aot-cache.sh", "echo cache >\"$4\"");
        Tool.Result cached = tree.vhdxd("info").ok();
        String option = cached.out().lines().skip(1).findFirst().orElseThrow();
        assertThat(option).startsWith("-XX:AOTCache=");
        assertThat(Path.of(option.substring(option.indexOf('=') + 1))).hasContent("cache");
        tree.addScript("build/aot-cache.sh", "echo half >\"$4\"; echo no luck >&2; exit 1");
        tree.touch("pom.xml");
        Tool.Result plain = tree.vhdxd("info").ok();
        assertThat(plain.out()).doesNotContain("AOTCache");
        assertThat(plain.err()).doesNotContain("no luck");
    }

    @Test
    @DisplayName("Of many launches at once one builds, and all run")
    void manyAtOnce() throws Exception {
        tree.addJdk("jdk-25", "25");
        tree.addMaven("[[ ! -e busy ]] || exit 1; touch busy; mkdir -p server/target/lib; sleep 0.2; rm busy;"
                + " echo jar >server/target/vhdxd-server.jar");
        try (ExecutorService launches = Executors.newFixedThreadPool(6)) {
            List<Callable<Tool.Result>> tasks = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                tasks.add(() -> tree.vhdxd("info"));
            }
            for (Future<Tool.Result> launch : launches.invokeAll(tasks)) {
                assertThat(launch.get().ok().out()).contains("info");
            }
        }
        assertThat(tree.mavenCalls()).hasSize(1);
    }

    @Test
    @DisplayName("A failed build shows Maven's errors, and nothing is run; the next try builds again")
    void failedBuild() throws IOException {
        tree.addJdk("jdk-25", "25");
        tree.addMaven("echo '[INFO] chatter'; echo '[ERROR] A.java:[1,1] no such thing'; exit 1");
        Tool.Result result = tree.vhdxd("info");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err())
                .contains("[ERROR] A.java:[1,1] no such thing", "vhdxd: the build failed")
                .doesNotContain("chatter");
        tree.addMaven();
        tree.vhdxd("info").ok();
    }

    @Test
    @DisplayName("Works through a symbolic link, from any directory")
    void symbolicLink() throws IOException {
        tree.addJdk("jdk-25", "25");
        tree.addMaven();
        Path link = Files.createSymbolicLink(directory.resolve("link"), tree.root.resolve("vhdxd"));
        Path linkToLink = Files.createSymbolicLink(directory.resolve("link2"), link);
        assertThat(tree.run(linkToLink, "info").ok().out()).contains("info");
    }

    @Test
    @DisplayName("No JDK that is new enough: one message that says what was found and what to install")
    void noJdk() throws IOException {
        Path old = tree.addJdk("jdk-17", "17.0.15");
        tree.addMaven();
        Tool.Result result = tree.vhdxd("info");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err())
                .startsWith("vhdxd needs a JDK 25 or newer, and there is none; found only: 17 (" + old + ").\n")
                .contains("apt install openjdk-25-jdk-headless", "JAVA_HOME");
        assertThat(tree.mavenCalls()).isEmpty();
    }

    @Test
    @DisplayName("No Maven: one message that says what to install; what is built already runs without it")
    void noMaven() throws IOException {
        tree.addJdk("jdk-25", "25");
        Tool.Result result = tree.vhdxd("info");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("""
                        vhdxd needs Maven 3.8 or newer to build itself, and there is no 'mvn' in the PATH.
                        Install it, for example:  apt install maven   (Fedora: dnf install maven)
                        """);
    }

    @Test
    @DisplayName("JAVA_HOME wins if it is new enough; else the lowest version that is")
    void choiceOfJdk() throws IOException {
        Path newest = tree.addJdk("jdk-27", "27-ea");
        Path tested = tree.addJdk("jdk-x", "25.0.3");
        Path old = tree.addJdk("jdk-8", "1.8.0_402");
        tree.addMaven();
        tree.vhdxd("info").ok();
        tree.set("JAVA_HOME", newest.toString());
        tree.touch("pom.xml");
        tree.vhdxd("info").ok();
        tree.set("JAVA_HOME", old.toString());
        tree.touch("server/pom.xml");
        tree.vhdxd("info").ok();
        assertThat(tree.mavenCalls())
                .extracting(call -> call.substring(0, call.indexOf(' ')))
                .containsExactly(tested.toString(), newest.toString(), tested.toString());
    }

    @Test
    @DisplayName("VHDXD_JAVA_OPTS adds options; a locale without UTF-8 is replaced, another one is kept")
    void environment() throws IOException {
        tree.addJdk("jdk-25", "25");
        tree.addMaven();
        tree.set("VHDXD_JAVA_OPTS", "-Xmx4g -Da=b");
        tree.set("LANG", "C");
        assertThat(tree.vhdxd("info").ok().out().lines())
                .contains("-Xmx4g", "-Da=b", "LC_ALL=C.UTF-8")
                .containsSubsequence("-Da=b", "-jar", "info");
        tree.set("LANG", "de_DE.utf8");
        assertThat(tree.vhdxd("info").ok().out()).contains("LC_ALL=\n");
    }
}
