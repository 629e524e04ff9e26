package io.vhdxd.server.net;

import java.nio.file.Path;

/** Where a server listens. */
public sealed interface ListenAddress {
    /** The port that IANA has assigned to NBD. */
    int DEFAULT_PORT = 10809;

    /**
     * A TCP port.
     *
     * @param host a name or an address; an IPv6 address without brackets
     * @param port 0 to 65535; 0 stands for any that is free
     */
    record Tcp(String host, int port) implements ListenAddress {
        @Override
        public String toString() {
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** A Unix socket. */
    record Unix(Path path) implements ListenAddress {
        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /**
     * Reads {@code HOST:PORT}, {@code [IPV6]:PORT} or {@code unix:PATH}.
     *
     * @throws IllegalArgumentException if it is none of these; its message says so
     */
    static ListenAddress parse(String text) {
        if (text.startsWith("unix:")) {
            String path = text.substring("unix:".length());
            if (path.isEmpty()) {
                throw wrong(text);
            }
            return new Unix(Path.of(path).toAbsolutePath());
        }
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.contains(":")) {
            throw wrong(text);
        }
        if (host.isEmpty()) {
            throw wrong(text);
        }
        return new Tcp(host, parsePort(text, text.substring(colon + 1)));
    }

    private static int parsePort(String text, String port) {
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65535) {
            throw wrong(text);
        }
        return Integer.parseInt(port);
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException(
                "'" + text + "' is not an address to listen on (expected: HOST:PORT, [IPV6]:PORT or unix:PATH)");
    }
}
