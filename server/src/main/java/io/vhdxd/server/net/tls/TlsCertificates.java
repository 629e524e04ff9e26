package io.vhdxd.server.net.tls;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.vhdxd.nbd.codec.Encryption;
import io.vhdxd.nbd.handshake.TlsMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificates of a server. They are looked at for every connection that starts TLS, so that files which were exchanged
 * count from the next one on; connections that exist keep theirs. Files that are not usable, or do not belong together
 * because only some of them have been exchanged so far, are told to the log once, and the last good ones stay. Thread-safe.
 */
public final class TlsCertificates {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.tls");

    /** Threads that read files and do the costly steps of handshakes, so that event loops do not wait for them. */
    private static final int THREADS = 2;

    private static final int THREAD_KEEP_SECONDS = 10;

    private static final ThreadPoolExecutor EXECUTOR = newExecutor();

    static {
        // A client has no reason to negotiate again in the middle of a disk's traffic (TLS 1.2; the JDK's own switch).
        if (System.getProperty("jdk.tls.rejectClientInitiatedRenegotiation") == null) {
            System.setProperty("jdk.tls.rejectClientInitiatedRenegotiation", "true");
        }
    }

    private final TlsSettings settings;
    private List<Version> versions;
    private SslContext context;

    /** What tells one content of a file from the next; all zero if it cannot be looked at. */
    private record Version(FileTime time, long sizeBytes, String fileKey) {
        static final Version NONE = new Version(FileTime.fromMillis(0), 0, "");

        static Version of(Path file) {
            try {
                var attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return new Version(
                        attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
            } catch (IOException e) {
                return NONE;
            }
        }
    }

    /** @throws IOException if the certificates cannot be used; its message says which file and why */
    public TlsCertificates(TlsSettings settings) throws IOException {
        this.settings = settings;
        // Before they are read, so that a change in between shows itself later.
        versions = versions();
        context = load();
    }

    /** Encryption with these certificates. */
    public Encryption encryption(TlsMode mode) {
        return mode == TlsMode.OFF ? Encryption.OFF : new WithCertificates(mode);
    }

    private final class WithCertificates implements Encryption {
        private final TlsMode mode;

        WithCertificates(TlsMode mode) {
            this.mode = mode;
        }

        @Override
        public TlsMode mode() {
            return mode;
        }

        @Override
        public Future<SslHandler> newHandler(Channel channel) {
            Promise<SslHandler> handler = channel.eventLoop().newPromise();
            EXECUTOR.execute(() -> {
                try {
                    handler.setSuccess(new RecordLimit(current().newEngine(channel.alloc()), EXECUTOR));
                } catch (RuntimeException | Error e) {
                    handler.setFailure(e);
                }
            });
            return handler;
        }
    }

    private synchronized SslContext current() {
        List<Version> now = versions();
        if (!now.equals(versions)) {
            versions = now;
            try {
                context = load();
            } catch (IOException e) {
                LOG.warn("the former certificates stay in use: {}", e.getMessage());
            }
        }
        return context;
    }

    private List<Version> versions() {
        List<Version> found = new ArrayList<>();
        found.add(Version.of(settings.serverCertificate()));
        found.add(Version.of(settings.serverKey()));
        if (settings.verifyClients()) {
            found.add(Version.of(settings.clientAuthority()));
            found.add(Version.of(settings.revocations()));
        }
        return found;
    }

    private SslContext load() throws IOException {
        ServerIdentity identity = ServerIdentity.read(settings.serverCertificate(), settings.serverKey());
        SslContextBuilder builder = SslContextBuilder.forServer(identity.key(), identity.chain())
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2");
        if (settings.verifyClients()) {
            builder.trustManager(ClientTrust.read(settings.clientAuthority(), settings.revocations()))
                    .clientAuth(ClientAuth.REQUIRE);
        }
        try {
            SslContext loaded = builder.build();
            LOG.info("the certificate in use is that of {}", identity);
            return loaded;
        } catch (SSLException e) {
            throw new UnusableFileException(settings.directory(), e);
        }
    }

    private static ThreadPoolExecutor newExecutor() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                THREAD_KEEP_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory("vhdxd-tls", true));
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }
}
