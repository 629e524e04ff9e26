package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import io.vhdxd.server.support.Tool;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The options of QEMU in this test are those of {@code docs/operations.md}. */
@DisplayName("The disks of a virtual machine (nbd.md T8, 4.1)")
@NeedsTool({"guest", "qemu-img"})
class QemuDiskGuestTest {
    private static final String SIZE = "96M";

    /** The guest's first disk is the image, its second one a file of the host. */
    private static final String SERVED = "/dev/vda";

    private static final String LOCAL = "/dev/vdb";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path directory;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static GuestImage image;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static Guest guest;

    @BeforeAll
    static void boot() throws IOException {
        image = GuestImage.create(directory, SIZE);
        Path local = directory.resolve("local.raw");
        Tool.run("truncate", "-s", SIZE, local.toString()).ok();
        guest = Guest.boot(
                directory,
                "-qmp",
                Qmp.option(qmpSocket()),
                "-blockdev",
                nbd("served", image),
                "-device",
                "virtio-blk-pci,drive=served",
                "-blockdev",
                "driver=file,node-name=local,discard=unmap,filename=" + local,
                "-device",
                "virtio-blk-pci,drive=local");
    }

    @AfterAll
    static void end() {
        guest.close();
        image.close();
    }

    private static Path qmpSocket() {
        return directory.resolve("qmp");
    }

    private static String nbd(String node, GuestImage served) {
        return "driver=nbd,node-name=" + node + ",server.type=inet,server.host=127.0.0.1,server.port=" + served.port()
                + ",export=disk,reconnect-delay=30,discard=unmap";
    }

    @Test
    @DisplayName(
            "The server is killed, stopped and started: no error in the guest, a clean file system, the right bytes")
    void survivesRestarts() throws IOException {
        guest.run("mkfs.ext4 -q " + SERVED + " && mount -o discard " + SERVED + " /mnt");
        GuestWriter writer = GuestWriter.start(guest);
        writer.awaitProgress();
        image.kill();
        image.start();
        writer.awaitProgress();
        image.stop();
        image.start();
        writer.awaitProgress();
        writer.stop();
        guest.run("rm /mnt/file1 && sync && fstrim /mnt && umount /mnt && e2fsck -fn " + SERVED);
        String disk = guest.run("md5sum <" + SERVED).split(" ", -1)[0];
        assertThat(guest.console()).doesNotContain("I/O error", "EXT4-fs error");
        // QEMU keeps its connection; it must not keep the image.
        image.kill();
        image.replayByQemu();
        image.verify(disk);
        image.start();
    }

    @Test
    @DisplayName(
            "The disk of a running guest is mirrored to an export, also over a restart, and the guest goes on there")
    void mirror() throws IOException {
        try (GuestImage target = GuestImage.create(directory, SIZE);
                Qmp qmp = Qmp.connect(qmpSocket())) {
            guest.run("mkfs.ext4 -q " + LOCAL + " && mount " + LOCAL + " /mnt");
            GuestWriter writer = GuestWriter.start(guest);
            qmp.execute(
                    "blockdev-add",
                    "{\"driver\": \"nbd\", \"node-name\": \"target\", \"export\": \"disk\", \"reconnect-delay\": 30,"
                            + " \"discard\": \"unmap\", \"server\": {\"type\": \"inet\", \"host\": \"127.0.0.1\","
                            + " \"port\": \"" + target.port() + "\"}}");
            qmp.execute(
                    "blockdev-mirror",
                    "{\"job-id\": \"mirror\", \"device\": \"local\", \"target\": \"target\", \"sync\": \"full\"}");
            target.kill();
            target.start();
            qmp.awaitEvent("BLOCK_JOB_READY");
            writer.awaitProgress();
            qmp.execute("job-complete", "{\"id\": \"mirror\"}");
            assertThat(qmp.awaitEvent("BLOCK_JOB_COMPLETED")).doesNotContain("\"error\"");
            writer.awaitProgress();
            writer.stop();
            guest.run("umount /mnt && e2fsck -fn " + LOCAL);
            String disk = guest.run("md5sum <" + LOCAL).split(" ", -1)[0];
            assertThat(guest.console()).doesNotContain("I/O error", "EXT4-fs error");
            target.kill();
            target.replayByQemu();
            target.verify(disk);
        }
    }
}
