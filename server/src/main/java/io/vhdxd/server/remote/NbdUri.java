package io.vhdxd.server.remote;

import io.vhdxd.nbd.Limits;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where an export is, as the NBD URI specification writes it: {@code nbd://HOST[:PORT]/EXPORT} or
 * {@code nbd+unix:///EXPORT?socket=FILE}.
 *
 * @param text the URI as it was given
 * @param place the server
 * @param exportName the name of the export; empty for the default one
 */
public record NbdUri(String text, Place place, String exportName) {
    private static final int PORT_DEFAULT = 10809;
    private static final String FORMS = "expected: nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=FILE";

    /** Where a server listens. */
    public sealed interface Place {}

    /** A host, by name or address, and a port. */
    public record Tcp(String host, int port) implements Place {}

    /** A Unix socket. */
    public record Unix(Path socket) implements Place {}

    /** Whether a word of a command line means an export, and not a file. */
    public static boolean isMeantBy(String word) {
        return word.matches("nbds?(\\+[a-z]+)?:.*");
    }

    /**
     * Reads a URI.
     *
     * @throws IllegalArgumentException if it is none that can be used; its message says why
     */
    public static NbdUri parse(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw wrong(text, e.getReason());
        }
        if (uri.isOpaque() || uri.getRawFragment() != null) {
            throw wrong(text, "not an NBD URI");
        }
        String path = Objects.requireNonNullElse(uri.getPath(), "");
        String exportName = path.startsWith("/") ? path.substring(1) : path;
        if (exportName.getBytes(StandardCharsets.UTF_8).length > Limits.STRING_BYTES) {
            throw wrong(text, "the name of the export has more than " + Limits.STRING_BYTES + " bytes");
        }
        return switch (uri.getScheme()) {
            case "nbd" -> new NbdUri(text, tcp(text, uri), exportName);
            case "nbd+unix" -> new NbdUri(text, unix(text, uri), exportName);
            case "nbds", "nbds+unix" -> throw wrong(text, "TLS is not spoken here; nbdcopy copies through it");
            case null, default -> throw wrong(text, "not an NBD URI");
        };
    }

    private static Tcp tcp(String text, URI uri) {
        String host = uri.getHost();
        if (host == null || uri.getUserInfo() != null || uri.getRawQuery() != null) {
            throw wrong(text, "not a host and a port");
        }
        boolean bracketed = host.startsWith("[");
        return new Tcp(
                bracketed ? host.substring(1, host.length() - 1) : host,
                uri.getPort() < 0 ? PORT_DEFAULT : uri.getPort());
    }

    private static Unix unix(String text, URI uri) {
        @Nullable String query = uri.getQuery();
        if (uri.getRawAuthority() != null || query == null || !query.startsWith("socket=")) {
            throw wrong(text, "no socket is named");
        }
        return new Unix(Path.of(query.substring("socket=".length())));
    }

    private static IllegalArgumentException wrong(String text, String why) {
        return new IllegalArgumentException("'" + text + "': " + why + " (" + FORMS + ")");
    }

    @Override
    public String toString() {
        return text;
    }
}
