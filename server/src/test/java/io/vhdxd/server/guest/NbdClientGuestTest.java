package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Linux attaches images with nbd-client (nbd.md T9, 4.8, OP-15)")
@NeedsTool({"guest", "qemu-img"})
class NbdClientGuestTest {
    private static final String DEVICE = "/dev/nbd0";

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private static Path directory;

    @RegisterExtension
    private static final SharedGuest GUEST = new SharedGuest();

    @AfterEach
    void detach() throws IOException {
        GUEST.get().tryRun("umount /mnt; nbd-client -d " + DEVICE);
    }

    @ParameterizedTest(name = "{0} on {1}, nbd-client {3}, {4}-byte blocks")
    @DisplayName("A file system is made, written, trimmed and taken off; host and guest agree on every byte")
    @CsvSource({
        "ext4, 96M, --physical-sector-size=4096, -b 512, 512",
        "ext4, 96M, --physical-sector-size=512, -C 2 -b 4096, 4096",
        "ext4, 96M, --logical-sector-size=4096, -C 2, 512",
        "xfs, 320M, --physical-sector-size=4096, -C 2 -b 512, 512"
    })
    void fileSystem(String type, String size, String createOption, String clientOptions, int blockBytes)
            throws IOException {
        try (GuestImage image = GuestImage.create(directory, size, createOption)) {
            GUEST.get().run(image.nbdClient(DEVICE, clientOptions));
            assertThat(GUEST.get().run("cat /sys/block/nbd0/queue/logical_block_size"))
                    .isEqualTo("" + blockBytes);
            // The making of a file system trims the whole disk first.
            GUEST.get().run("mkfs." + type + " -q " + DEVICE);
            GUEST.get().run("mount -t " + type + " " + DEVICE + " /mnt");
            GUEST.get().run("dd if=/dev/urandom of=/mnt/kept bs=1M count=8 conv=fsync");
            GUEST.get().run("dd if=/dev/urandom of=/mnt/removed bs=1M count=24 conv=fsync");
            String kept = GUEST.get().run("md5sum </mnt/kept");
            long fullBytes = image.allocatedBytes();
            GUEST.get().run("rm /mnt/removed && sync && fstrim /mnt && echo more >/mnt/more && sync");
            // The space goes back when the log entry that unmaps it is durable.
            Await.until(() -> image.allocatedBytes() < fullBytes - (16 << 20));
            GUEST.get().run("umount /mnt");
            GUEST.get().run(type.equals("xfs") ? "xfs_repair -n " + DEVICE : "e2fsck -fn " + DEVICE);
            GUEST.get().run("nbd-client -d " + DEVICE);

            GUEST.get().run(image.nbdClient(DEVICE, clientOptions));
            GUEST.get().run("mount -t " + type + " -o ro " + DEVICE + " /mnt");
            assertThat(GUEST.get().run("md5sum </mnt/kept")).isEqualTo(kept);
            GUEST.get().run("umount /mnt");
            String disk = GUEST.get().run("md5sum <" + DEVICE).split(" ", -1)[0];
            GUEST.get().run("nbd-client -d " + DEVICE);
            image.stop();
            image.verify(disk);
        }
    }

    @Test
    @DisplayName("A read-only export is a read-only device: it can be mounted and not written")
    void readOnly() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "16M")) {
            GUEST.get().run(image.nbdClient(DEVICE, ""));
            GUEST.get()
                    .run("mkfs.ext4 -q " + DEVICE + " && mount " + DEVICE
                            + " /mnt && echo told >/mnt/file && umount /mnt");
            GUEST.get().run("nbd-client -d " + DEVICE);
            image.stop();
            try (GuestImage served = image.readOnly()) {
                GUEST.get().run(served.nbdClient(DEVICE, ""));
                assertThat(GUEST.get().run("blockdev --getro " + DEVICE)).isEqualTo("1");
                GUEST.get().run("mount -o ro " + DEVICE + " /mnt");
                assertThat(GUEST.get().run("cat /mnt/file")).isEqualTo("told");
                GUEST.get().run("umount /mnt");
                assertThat(GUEST.get()
                                .tryRun("dd if=/dev/zero of=" + DEVICE + " bs=4k count=1 conv=fsync")
                                .exitCode())
                        .isNotZero();
                GUEST.get().run("nbd-client -d " + DEVICE);
            }
        }
    }

    @Test
    @DisplayName("A name that is not exported is refused, with the reason")
    void unknownName() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "16M")) {
            Guest.Result result = GUEST.get().tryRun(image.nbdClient(DEVICE, "").replace("-name disk", "-name none"));
            assertThat(result.exitCode()).isNotZero();
            assertThat(result.output()).contains("none");
        }
    }
}
