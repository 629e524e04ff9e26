package io.vhdxd.server.net.tls;

import io.vhdxd.nbd.TransmissionMode;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.support.Certificates;
import io.vhdxd.server.support.MemoryDisk;
import io.vhdxd.server.support.NbdClient;
import io.vhdxd.server.support.TestServer;
import java.io.IOException;
import javax.net.ssl.SSLContext;

/** A server in this process with one listener more, which does TLS. */
final class TlsServer implements AutoCloseable {
    private static final int FEW_BLOCKS = 16;

    final MemoryDisk disk;
    final TestServer server;
    final ListenAddress address;

    private TlsServer(int blockCount, TlsMode mode, Certificates certificates, boolean verifyClients)
            throws IOException {
        disk = new MemoryDisk(blockCount).allPresent();
        server = TestServer.of(disk);
        TlsCertificates loaded = new TlsCertificates(new TlsSettings(certificates.directory(), verifyClients));
        address = server.server().listen(new ListenAddress.Tcp("127.0.0.1", 0), loaded.encryption(mode));
    }

    static TlsServer of(TlsMode mode, Certificates certificates) throws IOException {
        return new TlsServer(FEW_BLOCKS, mode, certificates, false);
    }

    /** Requires TLS, and has a disk of so many blocks. */
    static TlsServer large(int blockCount, Certificates certificates) throws IOException {
        return new TlsServer(blockCount, TlsMode.REQUIRE, certificates, false);
    }

    /** Lets only clients in that have a certificate. */
    static TlsServer verifying(Certificates certificates) throws IOException {
        return new TlsServer(FEW_BLOCKS, TlsMode.REQUIRE, certificates, true);
    }

    NbdClient client(SSLContext context, TransmissionMode mode) throws IOException {
        return NbdClient.encrypted(address, context, TestServer.EXPORT, mode);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
