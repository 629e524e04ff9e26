package io.vhdxd.server.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vhdxd.server.support.Await;
import java.io.IOException;

/** Writes files in a guest, round and round, each synced, while the test does something else. */
final class GuestWriter {
    private static final int MORE_FILES = 5;

    private final Guest guest;

    private GuestWriter(Guest guest) {
        this.guest = guest;
    }

    /** Starts to write below {@code /mnt}, where a file system has to be mounted. */
    static GuestWriter start(Guest guest) throws IOException {
        guest.run("rm -f /tmp/stop; echo 0 >/tmp/written;"
                + " (n=0; while dd if=/dev/urandom of=/mnt/file$((n % 8)) bs=64k count=8 conv=fsync"
                + " 2>/dev/null; do n=$((n + 1)); echo $n >/tmp/written; [ -e /tmp/stop ] && exit 0; done;"
                + " echo failed >/tmp/written) &");
        return new GuestWriter(guest);
    }

    /** Waits until some more files are written. */
    void awaitProgress() throws IOException {
        int before = written();
        Await.until(() -> written() >= before + MORE_FILES);
    }

    /** Lets it write its last file to the end; none may have failed. */
    void stop() throws IOException {
        guest.run("touch /tmp/stop; wait");
        written();
    }

    private int written() throws IOException {
        String written = guest.run("cat /tmp/written");
        assertThat(written)
                .as("files that the guest has written; its kernel says: %s", guest.console())
                .containsOnlyDigits();
        return Integer.parseInt(written);
    }
}
