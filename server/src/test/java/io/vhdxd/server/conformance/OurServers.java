package io.vhdxd.server.conformance;

import io.vhdxd.nbd.codec.Encryption;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.net.ConnectionLimits;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.net.tls.TlsCertificates;
import io.vhdxd.server.net.tls.TlsSettings;
import io.vhdxd.server.session.SessionLimits;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.MemoryDisk;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** vhdxd, in this process, with a disk in memory. */
final class OurServers implements Servers {
    private final Map<Flavour, NbdServer> servers = new EnumMap<>(Flavour.class);
    private final MemoryDisk disk = new MemoryDisk((int) (Step.DISK_BYTES / MemoryDisk.BLOCK_BYTES));
    private final Map<Flavour, SocketAddress> addresses = new EnumMap<>(Flavour.class);

    OurServers(Certificates certificates) throws IOException {
        for (Flavour flavour : Flavour.values()) {
            Export export = new Export("disk", "a disk in memory", disk, flavour == Flavour.READ_ONLY);
            NbdServer server = new NbdServer(
                    new ExportTable(List.of(export), null),
                    new NbdServer.Settings(
                            1, 1, new ConnectionLimits(100, 100, 60_000), 64 << 20, SessionLimits.DEFAULT));
            Encryption encryption = flavour == Flavour.ENCRYPTED
                    ? new TlsCertificates(new TlsSettings(certificates.directory(), false)).encryption(TlsMode.REQUIRE)
                    : Encryption.OFF;
            ListenAddress.Tcp bound =
                    (ListenAddress.Tcp) server.listen(new ListenAddress.Tcp("127.0.0.1", 0), encryption);
            servers.put(flavour, server);
            addresses.put(flavour, new InetSocketAddress(bound.host(), bound.port()));
        }
    }

    @Override
    public SocketAddress address(Flavour flavour) {
        return Objects.requireNonNull(addresses.get(flavour));
    }

    @Override
    public void close() throws IOException {
        servers.values().forEach(NbdServer::close);
        disk.close();
    }
}
