package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands of this test are those of {@code docs/operations.md}. */
@DisplayName("The server is stopped, killed and started while Linux writes (nbd.md T9)")
@NeedsTool({"guest", "qemu-img"})
class RestartGuestTest {
    private static final String DEVICE = "/dev/nbd0";
    private static final String SOCKET = "/run/vhdxd-disk.sock";

    /** Writes files round and round, each synced; tells how many are written, and whether one failed. */
    private static final String WRITER =
            "(n=0; while dd if=/dev/urandom of=/mnt/file$((n % 8)) bs=64k count=8 conv=fsync"
                    + " 2>/dev/null; do n=$((n + 1)); echo $n >/tmp/written; [ -e /tmp/stop ] && exit 0; done;"
                    + " echo failed >/tmp/written) &";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path directory;

    @SuppressWarnings("NullAway.Init") // set before all tests
    private static Guest guest;

    @BeforeAll
    static void boot() throws IOException {
        guest = Guest.boot(directory);
    }

    @AfterAll
    static void end() {
        guest.close();
    }

    @Test
    @DisplayName("With qemu-nbd in between, the file system goes on where it was")
    void reconnecting() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "96M")) {
            guest.run("qemu-nbd --fork --persistent --socket=" + SOCKET + " --export-name=disk --discard=unmap"
                    + " --image-opts driver=raw,discard=unmap,file.driver=nbd,file.server.type=inet,file.server.host="
                    + Guest.HOST + ",file.server.port=" + image.port()
                    + ",file.export=disk,file.reconnect-delay=300");
            guest.run("nbd-client -unix " + SOCKET + " " + DEVICE + " -name disk -timeout 600");
            guest.run("mkfs.ext4 -q " + DEVICE + " && mount " + DEVICE + " /mnt");
            guest.run("echo 0 >/tmp/written; " + WRITER);
            awaitProgress();

            image.kill();
            image.start();
            awaitProgress();
            image.stop();
            image.start();
            awaitProgress();

            guest.run("touch /tmp/stop; wait");
            assertThat(guest.run("cat /tmp/written")).isNotEqualTo("failed");
            guest.run("fstrim /mnt && umount /mnt && e2fsck -fn " + DEVICE);
            String disk = guest.run("md5sum <" + DEVICE).split(" ", -1)[0];
            guest.run("nbd-client -d " + DEVICE);
            assertThat(guest.console()).doesNotContain("error, dev nbd0", "error on dev nbd0");
            image.stop();
            image.verify(disk);
        }
    }

    @Test
    @DisplayName("Without, the device is dead; attached anew it has all that was synced, and its file system recovers")
    void attachedAnew() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "96M")) {
            String attach = image.nbdClient("/dev/nbd1", "");
            guest.run(attach);
            guest.run("mkfs.ext4 -q /dev/nbd1 && mount /dev/nbd1 /mnt");
            guest.run("dd if=/dev/urandom of=/mnt/synced bs=64k count=16 conv=fsync");
            String synced = guest.run("md5sum </mnt/synced");

            image.kill();
            assertThat(guest.tryRun("dd if=/dev/zero of=/mnt/lost bs=64k count=16 conv=fsync")
                            .exitCode())
                    .isNotZero();
            image.start();
            guest.run("umount /mnt; nbd-client -d /dev/nbd1; true");
            guest.run(attach);
            guest.run("mount /dev/nbd1 /mnt");
            assertThat(guest.run("md5sum </mnt/synced")).isEqualTo(synced);
            guest.run("umount /mnt && e2fsck -fn /dev/nbd1");
            guest.run("nbd-client -d /dev/nbd1");
            image.stop();
        }
    }

    /** Some more files are written from now on. */
    private static void awaitProgress() throws IOException {
        int before = written();
        Await.until(() -> written() > before + 4);
    }

    private static int written() throws IOException {
        String written = guest.run("cat /tmp/written");
        assertThat(written)
                .as("files that the guest has written; its kernel says: %s", guest.console())
                .containsOnlyDigits();
        return Integer.parseInt(written);
    }
}
