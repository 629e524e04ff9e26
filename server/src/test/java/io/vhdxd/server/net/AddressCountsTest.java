package io.vhdxd.server.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("R7, SEC-07: nobody takes all connections from one address")
class AddressCountsTest {
    private final AddressCounts counts = new AddressCounts(2);

    @Test
    @DisplayName("SEC-12: addresses are compared as addresses, not as text; an IPv6 network counts as one")
    void addresses() throws UnknownHostException {
        assertThat(counts.tryAdd(address("10.0.0.1"))).isTrue();
        assertThat(counts.tryAdd(address("::ffff:10.0.0.1"))).isTrue();
        assertThat(counts.tryAdd(address("10.0.0.1"))).isFalse();
        assertThat(counts.tryAdd(address("10.0.0.10"))).isTrue();
        assertThat(counts.tryAdd(address("2001:db8::1"))).isTrue();
        assertThat(counts.tryAdd(address("2001:db8::ffff:1"))).isTrue();
        assertThat(counts.tryAdd(address("2001:db8::2"))).isFalse();
        assertThat(counts.tryAdd(address("2001:db8:0:1::2"))).isTrue();
        for (int i = 0; i < 5; i++) {
            assertThat(counts.tryAdd(UnixDomainSocketAddress.of("socket"))).isTrue();
        }
    }

    @Test
    @DisplayName("SEC-40: what is over makes room, and is forgotten")
    void over() throws UnknownHostException {
        for (int i = 0; i < 50; i++) {
            assertThat(counts.tryAdd(address("10.0.0.1"))).isTrue();
            assertThat(counts.tryAdd(address("10.0.0.1"))).isTrue();
            assertThat(counts.tryAdd(address("10.0.0.1"))).isFalse();
            counts.remove(address("10.0.0.1"));
            counts.remove(address("10.0.0.1"));
        }
        assertThat(counts.addressCount()).isZero();
    }

    private static SocketAddress address(String text) throws UnknownHostException {
        return new InetSocketAddress(InetAddress.getByName(text), 1);
    }
}
