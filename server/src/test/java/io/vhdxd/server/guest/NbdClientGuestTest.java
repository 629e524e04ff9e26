package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Await;
import io.vhdxd.server.support.NeedsTool;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Linux attaches images with nbd-client (nbd.md 4.8, OP-15)")
@NeedsTool({"guest", "qemu-img"})
class NbdClientGuestTest {
    private static final String DEVICE = "/dev/nbd0";

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

    @AfterEach
    void detach() throws IOException {
        guest.tryRun("umount /mnt; nbd-client -d " + DEVICE);
    }

    @ParameterizedTest(name = "{0} on {1}, nbd-client {3}, {4}-byte blocks")
    @DisplayName("A file system is made, written, trimmed and taken off; host and guest agree on every byte")
    @CsvSource({
        "ext4, 96M, --physical-sector-size=4096, -b 512, 512",
        "ext4, 96M, --physical-sector-size=512, -C 2 -b 4096, 4096",
        "xfs, 320M, --physical-sector-size=4096, -C 2 -b 512, 512"
    })
    void fileSystem(String type, String size, String createOption, String clientOptions, int blockBytes)
            throws IOException {
        try (GuestImage image = GuestImage.create(directory, size, createOption)) {
            guest.run(image.nbdClient(DEVICE, clientOptions));
            assertThat(guest.run("cat /sys/block/nbd0/queue/logical_block_size"))
                    .isEqualTo("" + blockBytes);
            // The making of a file system trims the whole disk first.
            guest.run("mkfs." + type + " -q " + DEVICE);
            guest.run("mount -t " + type + " " + DEVICE + " /mnt");
            guest.run("dd if=/dev/urandom of=/mnt/kept bs=1M count=8 conv=fsync");
            guest.run("dd if=/dev/urandom of=/mnt/removed bs=1M count=24 conv=fsync");
            String kept = guest.run("md5sum </mnt/kept");
            long fullBytes = image.allocatedBytes();
            guest.run("rm /mnt/removed && sync && fstrim /mnt && echo more >/mnt/more && sync");
            // The space goes back when the log entry that unmaps it is durable.
            Await.until(() -> image.allocatedBytes() < fullBytes - (16 << 20));
            guest.run("umount /mnt");
            guest.run(type.equals("xfs") ? "xfs_repair -n " + DEVICE : "e2fsck -fn " + DEVICE);
            guest.run("nbd-client -d " + DEVICE);

            guest.run(image.nbdClient(DEVICE, clientOptions));
            guest.run("mount -t " + type + " -o ro " + DEVICE + " /mnt");
            assertThat(guest.run("md5sum </mnt/kept")).isEqualTo(kept);
            guest.run("umount /mnt");
            String disk = guest.run("md5sum <" + DEVICE).split(" ", -1)[0];
            guest.run("nbd-client -d " + DEVICE);
            image.stop();
            image.verify(disk);
        }
    }

    @Test
    @DisplayName("A read-only export is a read-only device: it can be mounted and not written")
    void readOnly() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "16M")) {
            guest.run(image.nbdClient(DEVICE, ""));
            guest.run(
                    "mkfs.ext4 -q " + DEVICE + " && mount " + DEVICE + " /mnt && echo told >/mnt/file && umount /mnt");
            guest.run("nbd-client -d " + DEVICE);
            image.stop();
            try (GuestImage served = image.readOnly()) {
                guest.run(served.nbdClient(DEVICE, ""));
                assertThat(guest.run("blockdev --getro " + DEVICE)).isEqualTo("1");
                guest.run("mount -o ro " + DEVICE + " /mnt");
                assertThat(guest.run("cat /mnt/file")).isEqualTo("told");
                guest.run("umount /mnt");
                assertThat(guest.tryRun("dd if=/dev/zero of=" + DEVICE + " bs=4k count=1 conv=fsync")
                                .exitCode())
                        .isNotZero();
                guest.run("nbd-client -d " + DEVICE);
            }
        }
    }

    @Test
    @DisplayName("A name that is not exported is refused, with the reason")
    void unknownName() throws IOException {
        try (GuestImage image = GuestImage.create(directory, "16M")) {
            Guest.Result result = guest.tryRun(image.nbdClient(DEVICE, "").replace("-name disk", "-name none"));
            assertThat(result.exitCode()).isNotZero();
            assertThat(result.output()).contains("none");
        }
    }
}
