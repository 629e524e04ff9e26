package io.vhdxd.server.conformance;

import java.io.IOException;
import java.net.SocketAddress;

/** A server in all flavours, with an export "disk" of 64 MiB without content. */
interface Servers extends AutoCloseable {
    SocketAddress address(Flavour flavour) throws IOException;

    @Override
    void close() throws IOException;
}
