package io.vhdxd.server.cli;

import io.vhdxd.server.export.ExportMeter;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.ops.Health;
import io.vhdxd.server.ops.Metrics;
import io.vhdxd.server.ops.OpsEndpoint;
import io.vhdxd.server.ops.ServiceManager;
import io.vhdxd.server.ops.WriterWatch;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What looks after a server while it serves: always the watch over the writers, the metrics if somebody wants them, and word
 * to the service manager if there is one.
 */
final class Monitoring implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.ops");

    private final ListenAddress.@Nullable Tcp address;
    private final @Nullable Metrics metrics;
    private final WriterWatch watch = new WriterWatch();
    private final Health health = new Health(watch);
    private final ServiceManager manager = ServiceManager.ofThisProcess();
    private @Nullable OpsEndpoint endpoint;

    /** @param address where metrics and health are told; null if nowhere */
    Monitoring(ListenAddress.@Nullable Tcp address) {
        this.address = address;
        this.metrics = address == null ? null : new Metrics(VersionProvider.version());
    }

    /** The meter for the requests of an export that is about to be made. */
    ExportMeter meter(String exportName) {
        return metrics == null ? ExportMeter.NONE : metrics.forExport(exportName);
    }

    /** Begins to watch. From now on it is told that the server does not take connections yet. */
    void start(OpenImages open, NbdServer server) throws Failure {
        for (OpenImages.Opened opened : open.all()) {
            watch.add(opened.export().name(), opened.image()::writerState);
            health.add(opened.export().name(), opened.image());
        }
        watch.start(health, manager);
        if (metrics != null && address != null) {
            open.all().forEach(opened -> metrics.add(opened.export(), opened.image()));
            metrics.add(server);
            metrics.add(watch);
            endpoint = listen(address, metrics);
        }
    }

    private OpsEndpoint listen(ListenAddress.Tcp where, Metrics told) throws Failure {
        try {
            OpsEndpoint started = OpsEndpoint.start(new InetSocketAddress(where.host(), where.port()), told, health);
            LOG.info(
                    "metrics on http://{}/metrics",
                    new ListenAddress.Tcp(where.host(), started.address().getPort()));
            return started;
        } catch (IOException e) {
            throw Failure.toListen(where, e);
        }
    }

    /** Clients are let in. */
    void ready(String status) {
        health.setServing(true);
        manager.ready(status);
    }

    /** No more clients are let in. */
    void stopping() {
        health.setServing(false);
        manager.stopping("finishing what clients have begun, and closing the images");
    }

    @Override
    public void close() {
        watch.close();
        if (endpoint != null) {
            endpoint.close();
        }
    }
}
