package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The commands of this test are those of {@code docs/operations.md}. */
@DisplayName("The server is stopped, killed and started while Linux writes (nbd.md T9)")
@NeedsTool({"guest", "qemu-img"})
class RestartGuestTest {
    private static final String DEVICE = "/dev/nbd2";
    private static final String SOCKET = "/run/vhdxd-disk.sock";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path directory;

    @RegisterExtension
    private static final SharedGuest GUEST = new SharedGuest();

    @Test
    @DisplayName("With qemu-nbd in between, the file system goes on where it was")
    void reconnecting() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "96M")) {
            GUEST.get()
                    .run("qemu-nbd --fork --persistent --socket=" + SOCKET + " --export-name=disk --discard=unmap"
                            + " --image-opts driver=raw,discard=unmap,file.driver=nbd,file.server.type=inet,file.server.host="
                            + Guest.HOST + ",file.server.port=" + image.port()
                            + ",file.export=disk,file.reconnect-delay=300");
            GUEST.get().run("nbd-client -unix " + SOCKET + " " + DEVICE + " -name disk -timeout 600");
            GUEST.get().run("mkfs.ext4 -q " + DEVICE + " && mount " + DEVICE + " /mnt");
            GuestWriter writer = GuestWriter.start(GUEST.get());
            writer.awaitProgress();

            image.kill();
            image.start();
            writer.awaitProgress();
            image.stop();
            image.start();
            writer.awaitProgress();

            writer.stop();
            GUEST.get().run("fstrim /mnt && umount /mnt && e2fsck -fn " + DEVICE);
            String disk = GUEST.get().run("md5sum <" + DEVICE).split(" ", -1)[0];
            GUEST.get().run("nbd-client -d " + DEVICE);
            assertThat(GUEST.get().console()).doesNotContain("error, dev nbd2", "error on dev nbd2");
            image.stop();
            image.verify(disk);
        }
    }

    @Test
    @DisplayName("Without, the device is dead; attached anew it has all that was synced, and its file system recovers")
    void attachedAnew() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "96M")) {
            String attach = image.nbdClient("/dev/nbd1", "");
            GUEST.get().run(attach);
            GUEST.get().run("mkfs.ext4 -q /dev/nbd1 && mount /dev/nbd1 /mnt");
            GUEST.get().run("dd if=/dev/urandom of=/mnt/synced bs=64k count=16 conv=fsync");
            String synced = GUEST.get().run("md5sum </mnt/synced");

            image.kill();
            assertThat(GUEST.get()
                            .tryRun("dd if=/dev/zero of=/mnt/lost bs=64k count=16 conv=fsync")
                            .exitCode())
                    .isNotZero();
            image.start();
            GUEST.get().run("umount /mnt; nbd-client -d /dev/nbd1; true");
            GUEST.get().run(attach);
            GUEST.get().run("mount /dev/nbd1 /mnt");
            assertThat(GUEST.get().run("md5sum </mnt/synced")).isEqualTo(synced);
            GUEST.get().run("umount /mnt && e2fsck -fn /dev/nbd1");
            GUEST.get().run("nbd-client -d /dev/nbd1");
            image.stop();
        }
    }

    @Test
    @DisplayName("nbd-client's own -persist does not help: what is written while the server is away fails at once")
    void persistent() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "96M")) {
            GUEST.get().run(image.nbdClient("/dev/nbd3", "-nonetlink -persist"));
            GUEST.get().run("mkfs.ext4 -q /dev/nbd3 && mount /dev/nbd3 /mnt");
            GUEST.get().run("echo kept >/mnt/kept && sync");
            image.kill();
            assertThat(GUEST.get()
                            .tryRun("dd if=/dev/zero of=/mnt/lost bs=64k count=16 conv=fsync")
                            .exitCode())
                    .isNotZero();
            image.start();
            GUEST.get().run("umount /mnt; nbd-client -d /dev/nbd3; true");
            GUEST.get().run(image.nbdClient("/dev/nbd3", ""));
            GUEST.get().run("mount /dev/nbd3 /mnt");
            assertThat(GUEST.get().run("cat /mnt/kept")).isEqualTo("kept");
            GUEST.get().run("umount /mnt; nbd-client -d /dev/nbd3");
        }
    }
}
