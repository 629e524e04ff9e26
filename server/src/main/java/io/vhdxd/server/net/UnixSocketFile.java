package io.vhdxd.server.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The file of a Unix socket that a server listens on.
 *
 * <p>The socket is bound under another name, {@link #bindPath}, and gets its own by a hard link, which fails if there is
 * such a file. So of two servers that start at once, one gets the name. Netty removes the file that it has bound when it
 * closes a socket, even if it is another server's by then; it finds nothing under the other name.
 */
final class UnixSocketFile {
    /** What Linux has room for in an address, without the zero at its end. */
    private static final int PATH_BYTES_MAX = 107;

    private static final String BIND_SUFFIX = ".new";

    private final ListenAddress.Unix address;

    /** What the file is, whatever its name; null before it is published. */
    private @Nullable Object fileKey;

    private UnixSocketFile(ListenAddress.Unix address) {
        this.address = address;
    }

    /**
     * Makes way for a new socket: removes the file of a dead one.
     *
     * @throws ListenException if the file is something else, or somebody listens on it
     */
    static UnixSocketFile prepare(ListenAddress.Unix address) throws ListenException {
        int bytes = address.path().toString().getBytes(StandardCharsets.UTF_8).length;
        int bytesMax = PATH_BYTES_MAX - BIND_SUFFIX.length();
        if (bytes > bytesMax) {
            throw new ListenException(address, "the path has " + bytes + " bytes (expected: at most " + bytesMax + ")");
        }
        UnixSocketFile file = new UnixSocketFile(address);
        file.removeDead(address.path());
        file.removeDead(file.bindPath());
        return file;
    }

    /** The name to bind the socket under. */
    Path bindPath() {
        Path path = address.path();
        return path.resolveSibling(path.getFileName() + BIND_SUFFIX);
    }

    private void removeDead(Path path) throws ListenException {
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

    /** Gives the socket, which has been bound, its name. */
    void publish() throws ListenException {
        try {
            fileKey = keyOf(bindPath());
            Files.createLink(address.path(), bindPath());
            Files.delete(bindPath());
        } catch (FileAlreadyExistsException e) {
            throw new ListenException(address, "another server has just taken it", e);
        } catch (IOException e) {
            throw new ListenException(address, "the socket cannot get its name: " + e.getMessage(), e);
        }
    }

    private static @Nullable Object keyOf(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
    }

    /** Removes the file, unless somebody has put another one in its place. To be called before the socket is closed. */
    void remove() throws IOException {
        try {
            if (Objects.equals(fileKey, keyOf(address.path()))) {
                Files.delete(address.path());
            }
        } catch (NoSuchFileException e) {
            // Somebody was quicker.
        }
    }
}
