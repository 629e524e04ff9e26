package io.vhdxd.server.launch;

import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A copy of the scripts with a few sources, a Maven that makes an empty jar, and JDKs that print what they are told. */
final class SourceTree {
    private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();

    private static final List<String> COMMANDS = List.of(
            "awk",
            "basename",
            "bash",
            "cat",
            "chmod",
            "cp",
            "dirname",
            "env",
            "find",
            "flock",
            "grep",
            "id",
            "ln",
            "mkdir",
            "mktemp",
            "mv",
            "readlink",
            "rm",
            "sed",
            "sleep",
            "touch",
            "true");

    final Path root;
    final Path jdks;
    private final Path bin;
    private final Map<String, String> environment = new HashMap<>();

    /** @param directory may have spaces in its name */
    SourceTree(Path directory) throws IOException {
        root = Files.createDirectories(directory.resolve("the tree"));
        jdks = Files.createDirectories(directory.resolve("jdks"));
        bin = Files.createDirectories(directory.resolve("bin"));
        copy("vhdxd");
        copy("verify");
        copy("build/find-jdk.sh");
        copy("build/jvm.options");
        // The places where JDKs are looked for are this machine's; here they are the tree's own.
        Files.writeString(
                root.resolve("build/find-jdk.sh"),
                Files.readString(root.resolve("build/find-jdk.sh"))
                        + "\njdk_candidates() { [[ -z $JAVA_HOME ]] || echo \"$JAVA_HOME\"; printf '%s\\n' '" + jdks
                        + "'/*; }\n");
        for (String module : List.of("protocol", "vhdx-engine", "server")) {
            Files.createDirectories(root.resolve(module + "/src/main"));
            Files.createFile(root.resolve(module + "/pom.xml"));
        }
        Files.createFile(root.resolve("pom.xml"));
        Files.writeString(root.resolve("server/src/main/A.java"), "class A {}");
        for (String command : COMMANDS) {
            Files.createSymbolicLink(bin.resolve(command), find(command));
        }
        environment.put("PATH", bin.toString());
        environment.put("JAVA_HOME", "");
        environment.put("LC_ALL", "");
        environment.put("LANG", "");
        environment.put("CI", "");
        environment.put("VHDXD_STRICT", "");
        environment.put("VHDXD_JAVA_OPTS", "");
    }

    private static Path find(String command) {
        for (String directory : List.of("/usr/bin", "/bin", "/usr/local/bin")) {
            Path path = Path.of(directory, command);
            if (Files.exists(path)) {
                return path;
            }
        }
        throw new AssertionError("this system has no " + command);
    }

    private void copy(String file) throws IOException {
        Path target = root.resolve(file);
        Files.createDirectories(target.getParent());
        Files.copy(REPOSITORY.resolve(file), target);
    }

    /** A JDK that prints its arguments, one a line, and the locale. */
    Path addJdk(String name, String version) throws IOException {
        Path jdk = jdks.resolve(name);
        script(jdk.resolve("bin/java"), "printf '%s\\n' \"$@\"; echo \"LC_ALL=${LC_ALL:-}\"");
        script(jdk.resolve("bin/javac"), "exit 0");
        Files.writeString(jdk.resolve("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        return jdk;
    }

    /** A Maven that notes that it was called, and then does something. */
    void addMaven(String whatItDoes) throws IOException {
        script(
                bin.resolve("mvn"),
                "cd '" + root + "'\necho \"$JAVA_HOME $*\" >>'" + bin.resolve("mvn.calls") + "'\n" + whatItDoes);
    }

    /** A Maven that builds. */
    void addMaven() throws IOException {
        addMaven(
                "mkdir -p server/target/lib && echo jar >server/target/vhdxd-server.jar && echo lib >server/target/lib/l");
    }

    List<String> mavenCalls() throws IOException {
        Path calls = bin.resolve("mvn.calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    void addCommand(String name, String whatItDoes) throws IOException {
        script(bin.resolve(name), whatItDoes);
    }

    void addScript(String file, String whatItDoes) throws IOException {
        script(root.resolve(file), whatItDoes);
    }

    private static void script(Path path, String body) throws IOException {
        Files.createDirectories(path.getParent());
        // It may be a link to the system's own command, which must not be written through.
        Files.deleteIfExists(path);
        Files.writeString(path, "#!/usr/bin/env bash\n" + body + "\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    void set(String variable, String value) {
        environment.put(variable, value);
    }

    /** Makes a source look as if it was written after the last build. */
    void touch(String file) throws IOException {
        Files.setLastModifiedTime(
                root.resolve(file), FileTime.from(Instant.now().plusSeconds(5)));
    }

    Tool.Result run(Path script, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(arguments));
        return Tool.run(command, environment, "");
    }

    Tool.Result vhdxd(String... arguments) throws IOException {
        return run(root.resolve("vhdxd"), arguments);
    }
}
