package io.vhdxd.server.cli;

import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.PassedSocket;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something to listen on.
 *
 * @param passed the socket that was passed for it; null if it is to be bound
 */
record Listener(
        ListenAddress address, TlsMode tls, @Nullable PassedSocket passed) {
    /**
     * All of a server: each socket that was passed, in place of the address that it listens on, and the addresses that nobody
     * has passed a socket for.
     *
     * @param asked the addresses that somebody has asked for
     * @param fallback the addresses when there is nothing else
     */
    static List<Listener> of(
            List<PassedSocket> passed, List<ListenSpec> asked, List<ListenSpec> fallback, TlsOptions tls) {
        List<Listener> listeners = new ArrayList<>();
        List<ListenSpec> unmatched = new ArrayList<>(passed.isEmpty() && asked.isEmpty() ? fallback : asked);
        for (PassedSocket socket : passed) {
            ListenSpec spec = unmatched.stream()
                    .filter(wanted -> socket.isFor(wanted.address()))
                    .findFirst()
                    .orElse(null);
            listeners.add(new Listener(socket.address(), spec == null ? tls.mode() : spec.tls(tls), socket));
            unmatched.remove(spec);
        }
        unmatched.forEach(spec -> listeners.add(new Listener(spec.address(), spec.tls(tls), null)));
        return List.copyOf(listeners);
    }
}
