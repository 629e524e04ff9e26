package io.vhdxd.vhdx.storage;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that appears under its name only when it is complete. Until then it is {@code .vhdxd-UUID.new} in the same
 * directory, which is what a killed process leaves behind.
 */
public final class NewFile implements Closeable {
    private final Path target;
    private final Path temporary;
    private final Storage storage;

    private NewFile(Path target, Path temporary, Storage storage) {
        this.target = target;
        this.temporary = temporary;
        this.storage = storage;
    }

    /**
     * Makes an empty file that is going to have this name.
     *
     * @throws FileAlreadyExistsException if there is a file of this name, or anything else
     */
    public static NewFile begin(Path target) throws IOException {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        Path temporary = target.resolveSibling(".vhdxd-" + UUID.randomUUID() + ".new");
        return new NewFile(target, temporary, Storages.create(temporary));
    }

    /** The file, open for writing until this is closed. */
    public Storage storage() {
        return storage;
    }

    /**
     * Gives the file its name, durably. It has to be synced before. A file that got the name in the meantime stays as it is.
     *
     * @throws FileAlreadyExistsException if there is one
     */
    public void publish() throws IOException {
        try {
            Files.createLink(target, temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (FileSystemException | UnsupportedOperationException e) {
            renameWithoutLinks(e);
        }
        syncDirectory(target);
    }

    /** Where the file system has no hard links, the look for a file of the name and the renaming are two steps. */
    private void renameWithoutLinks(Exception reason) throws IOException {
        try {
            Files.move(temporary, target);
        } catch (IOException e) {
            e.addSuppressed(reason);
            throw e;
        }
    }

    /** Makes the names of the files durable that are in the directory of this one. */
    static void syncDirectory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        assert directory != null : file;
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Closes the file and removes its temporary name, and with it the file if it was not published. */
    @Override
    public void close() throws IOException {
        try {
            storage.close();
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
