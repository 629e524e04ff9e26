package io.vhdxd.server.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A socket that somebody else has bound, and who has started this process keeps open: so it goes on listening while no server
 * runs.
 *
 * @param descriptor its number in this process
 * @param name what it is called by who has passed it
 * @param address where it listens
 */
public record PassedSocket(int descriptor, String name, ListenAddress address) {
    /** Whether it is the one that a server would bind for this address: a wildcard is one, of IPv4 and of IPv6. */
    public boolean isFor(ListenAddress wanted) {
        return switch (wanted) {
            case ListenAddress.Unix unix -> address.equals(unix);
            case ListenAddress.Tcp tcp ->
                address instanceof ListenAddress.Tcp own && own.port() == tcp.port() && isSameHost(own, tcp);
        };
    }

    private static boolean isSameHost(ListenAddress.Tcp a, ListenAddress.Tcp b) {
        InetAddress addressOfA = resolved(a);
        InetAddress addressOfB = resolved(b);
        return addressOfA != null
                && addressOfB != null
                && (addressOfA.equals(addressOfB)
                        || (addressOfA.isAnyLocalAddress() && addressOfB.isAnyLocalAddress()));
    }

    private static @Nullable InetAddress resolved(ListenAddress.Tcp address) {
        return new InetSocketAddress(address.host(), address.port()).getAddress();
    }

    @Override
    public String toString() {
        return "descriptor " + descriptor + " (" + name + ")";
    }
}
