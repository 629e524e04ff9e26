package io.vhdxd.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.ServedProcess;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NeedsTool({"nbdinfo", "qemu-img", "qemu-io", "qemu-nbd", "python3-libnbd"})
@DisplayName("Where in a chain of images the content comes from, for clients that ask")
class AllocationDepthTest {
    private static final int DISK_MIB = 32;
    private static final int CLUSTER_KIB = 64;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @Test
    @DisplayName(
            "T4, MC-05: nbdinfo and qemu-img tell the same of a chain of three as of a QCOW2 chain behind qemu-nbd")
    void likeQemu() throws IOException {
        Random random = new Random(5);
        // A new block of an image without a parent is allocated as a whole, a cluster of QCOW2 is smaller.
        layer("base", null, changes(random, 6, 1024));
        layer("middle", "base", changes(random, 12, CLUSTER_KIB));
        Path top = layer("top", "middle", changes(random, 12, CLUSTER_KIB));

        String info;
        String map;
        try (ServedProcess server = ServedProcess.start(directory, top.toString())) {
            info = Tool.run("nbdinfo", "--map=qemu:allocation-depth", server.uri())
                    .ok()
                    .out();
            ListenAddress.Tcp address = (ListenAddress.Tcp) server.address();
            map = map("server.type=inet,server.host=127.0.0.1,server.port=" + address.port() + ",export=top");
            assertThat(Tool.run("nbdinfo", "--json", server.uri()).ok().out())
                    .contains("base:allocation", "qemu:allocation-depth");
            ToldZeros.assertZero(server.uri());
            assertThat(server.stop("TERM")).as(server.log()).isZero();
        }

        Path socket = directory.resolve("socket");
        String uri = "nbd+unix:///?socket=" + socket;
        assertThat(info)
                .contains("absent", "local", "backing depth 2", "backing depth 3")
                .isEqualTo(throughQemu(socket, "nbdinfo --map=qemu:allocation-depth '" + uri + "'"));
        assertThat(map)
                .contains("\"zero\": true, \"data\": true")
                .isEqualTo(throughQemu(socket, mapCommand("server.type=unix,server.path=" + socket + ",export=")));
    }

    /** Makes an image, and a QCOW2 image that goes through the same changes. */
    private Path layer(String name, @Nullable String parent, List<String> changes) throws IOException {
        Path image = directory.resolve(name + ".vhdx");
        Path qcow = directory.resolve(name + ".qcow2");
        List<String> create = new ArrayList<>(List.of("create", image.toString(), "--block-size", "1M"));
        List<String> createQcow = new ArrayList<>(
                List.of("qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=" + CLUSTER_KIB + "k"));
        if (parent == null) {
            create.add(DISK_MIB + "M");
            createQcow.addAll(List.of(qcow.toString(), DISK_MIB + "M"));
        } else {
            create.addAll(List.of(
                    "--type",
                    "differencing",
                    "--parent",
                    directory.resolve(parent + ".vhdx").toString()));
            createQcow.addAll(List.of(
                    "-F", "qcow2", "-b", directory.resolve(parent + ".qcow2").toString()));
            createQcow.add(qcow.toString());
        }
        Tool.run(ServedProcess.vhdxd(create), Map.of(), "").ok();
        Tool.run(createQcow, Map.of(), "").ok();
        try (ServedProcess server = ServedProcess.start(directory, image.toString())) {
            change("raw", server.uri(), changes);
            assertThat(server.stop("TERM")).as(server.log()).isZero();
        }
        change("qcow2", qcow.toString(), changes);
        return image;
    }

    private static List<String> changes(Random random, int count, int unitKiB) {
        List<String> changes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int start = random.nextInt(DISK_MIB * 1024 / unitKiB) * unitKiB;
            changes.add("write -P " + (1 + i) + " " + start + "k " + unitKiB + "k");
            if (unitKiB == CLUSTER_KIB && i % 4 == 0) {
                changes.add("write -z " + random.nextInt(DISK_MIB) + "M 1M");
            }
        }
        return changes;
    }

    private static void change(String format, String target, List<String> changes) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format));
        changes.forEach(change -> command.addAll(List.of("-c", change)));
        command.add(target);
        Tool.run(command, Map.of(), "").ok();
    }

    private static String mapCommand(String where) {
        return "qemu-img map --output=json --image-opts 'driver=nbd," + where
                + ",x-dirty-bitmap=qemu:allocation-depth'";
    }

    private static String map(String where) throws IOException {
        return Tool.run("sh", "-c", mapCommand(where)).ok().out();
    }

    /** Runs a command beside a qemu-nbd that serves the top image, and ends after its first client. */
    private String throughQemu(Path socket, String command) throws IOException {
        return Tool.run(
                        "sh",
                        "-c",
                        "qemu-nbd --fork -r -A -f qcow2 -k '" + socket + "' '" + directory.resolve("top.qcow2")
                                + "' && " + command)
                .ok()
                .out();
    }
}
