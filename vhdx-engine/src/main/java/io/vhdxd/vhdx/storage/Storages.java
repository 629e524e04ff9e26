package io.vhdxd.vhdx.storage;

import java.io.IOException;
import java.nio.file.Path;

/** Opens files with the best {@link Storage} that the machine has. */
public final class Storages {
    private Storages() {}

    /**
     * Opens an existing regular file and takes the lock that fits: readers share, a writer is alone (promise R6). QEMU's
     * programs see this lock, and theirs is seen.
     *
     * @throws FileInUseException if another opener, in this process or another, forbids it
     * @throws java.nio.file.NoSuchFileException if there is no such file
     * @throws java.nio.file.AccessDeniedException if the permissions forbid it
     */
    public static Storage open(Path file, boolean writable) throws IOException {
        return LinuxFiles.open(file, writable);
    }

    /**
     * Makes a new, empty file and opens it for writing.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is such a file
     */
    public static Storage create(Path file) throws IOException {
        return LinuxFiles.create(file);
    }
}
