package io.vhdxd.server.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The file of a Unix socket that a server listens on. */
final class UnixSocketFile {
    /** What Linux has room for in an address, without the zero at its end. */
    private static final int PATH_BYTES_MAX = 107;

    private final Path path;
    private final @Nullable Object fileKey;

    private UnixSocketFile(Path path, @Nullable Object fileKey) {
        this.path = path;
        this.fileKey = fileKey;
    }

    /**
     * Makes way for a new socket: removes the file of a dead one.
     *
     * @throws ListenException if the file is something else, or somebody listens on it
     */
    static void makeWay(ListenAddress.Unix address) throws ListenException {
        Path path = address.path();
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > PATH_BYTES_MAX) {
            throw new ListenException(
                    address, "the path has " + bytes + " bytes (expected: at most " + PATH_BYTES_MAX + ")");
        }
        try {
            BasicFileAttributes found =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!found.isOther()) {
                throw new ListenException(address, "there is a file that is not a socket");
            }
            if (isAlive(path)) {
                throw new ListenException(address, "a server is listening on it");
            }
            if (Objects.equals(found.fileKey(), keyOf(path))) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            // The way is free.
        } catch (ListenException e) {
            throw e;
        } catch (IOException e) {
            throw new ListenException(address, "cannot be examined: " + e.getMessage(), e);
        }
    }

    private static boolean isAlive(Path path) throws IOException {
        try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.connect(UnixDomainSocketAddress.of(path));
            return true;
        } catch (ConnectException e) {
            return false;
        }
    }

    /** The file of a socket that has just been bound. */
    static UnixSocketFile of(Path path) throws IOException {
        return new UnixSocketFile(path, keyOf(path));
    }

    private static @Nullable Object keyOf(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** Removes the file, unless somebody has put another one in its place. */
    void remove() throws IOException {
        try {
            if (Objects.equals(fileKey, keyOf(path))) {
                Files.delete(path);
            }
        } catch (NoSuchFileException e) {
            // Somebody was quicker.
        }
    }
}
