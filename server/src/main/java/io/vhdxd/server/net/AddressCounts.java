package io.vhdxd.server.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counts connections by the addresses that they come from. Thread-safe. */
final class AddressCounts {
    private static final int IPV6_NETWORK_BYTES = 8;

    private final int max;
    private final Map<Long, Integer> counts = new ConcurrentHashMap<>();

    /** @param max connections from one address */
    AddressCounts(int max) {
        this.max = max;
    }

    /** Counts a connection, if there are not too many from its address already. */
    boolean tryAdd(SocketAddress client) {
        if (!(client instanceof InetSocketAddress tcp)) {
            return true;
        }
        boolean[] added = {false};
        counts.compute(key(tcp.getAddress()), (key, count) -> {
            int before = count == null ? 0 : count;
            added[0] = before < max;
            return added[0] ? Integer.valueOf(before + 1) : count;
        });
        return added[0];
    }

    /** A connection that was counted is over. */
    void remove(SocketAddress client) {
        if (client instanceof InetSocketAddress tcp) {
            counts.computeIfPresent(key(tcp.getAddress()), (key, count) -> count == 1 ? null : count - 1);
        }
    }

    int addressCount() {
        return counts.size();
    }

    /** Who has one IPv6 address usually has all of its network. An IPv4 address in IPv6's form is an IPv4 address to Java. */
    private static long key(InetAddress address) {
        byte[] bytes = address.getAddress();
        int length = address instanceof Inet6Address ? IPV6_NETWORK_BYTES : bytes.length;
        long key = 0;
        for (int i = 0; i < length; i++) {
            key = key << 8 | (bytes[i] & 0xff);
        }
        return key;
    }
}
