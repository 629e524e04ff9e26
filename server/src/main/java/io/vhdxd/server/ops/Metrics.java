package io.vhdxd.server.ops;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportMeter;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.net.ServerState;
import io.vhdxd.vhdx.VhdxImage;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * All numbers of a server, under the names that {@code docs/operations.md} lists. Labels take their values from what the
 * server was started with, never from clients.
 */
public final class Metrics {
    /** What {@link #scrape} returns. */
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** @param version of this program */
    public Metrics(String version) {
        new UptimeMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        Gauge.builder("vhdxd.build.info", () -> 1)
                .description("1; what runs is in the labels")
                .tags("version", version, "java", Runtime.version().toString())
                .register(registry);
    }

    /** The meter for an export that is about to be made. */
    public ExportMeter forExport(String name) {
        return new RequestMeters(registry, name);
    }

    /** Adds the numbers of an export and of its image. */
    public void add(Export export, VhdxImage image) {
        Gauge.builder("vhdxd.connections", export::connectionCount)
                .description("Connections that use an export")
                .tags("export", export.name())
                .register(registry);
        ImageMeters.bind(registry, export.name(), image);
    }

    /** Adds the numbers of the server; it has to exist as long as this does. */
    public void add(NbdServer server) {
        Gauge.builder("vhdxd.transport.info", () -> 1)
                .description("1; how sockets are used is in the label")
                .tags("transport", server.transportName())
                .register(registry);
        gauge(server, "vhdxd.connections.open", null, "All connections", ServerState::connectionCount);
        counter(server, "vhdxd.connections.accepted", "Connections that were let in", ServerState::acceptedCount);
        counter(server, "vhdxd.connections.refused", "Connections beyond the limits", ServerState::refusedCount);
        gauge(
                server,
                "vhdxd.memory.reserved",
                "bytes",
                "What requests hold beyond the allowances of their connections",
                ServerState::reservedBytes);
        gauge(server, "vhdxd.memory.limit", "bytes", "What they may hold", ServerState::reservedMaxBytes);
        gauge(
                server,
                "vhdxd.memory.waiters",
                null,
                "Connections that wait for such memory",
                ServerState::memoryWaiterCount);
        gauge(server, "vhdxd.io.queue", null, "Reads and writes that wait for a thread", ServerState::ioQueueLength);
        gauge(server, "vhdxd.buffers", "bytes", "Direct memory of all buffers", ServerState::bufferBytes);
    }

    private void gauge(
            NbdServer server, String name, @Nullable String unit, String text, ToDoubleFunction<ServerState> value) {
        Gauge.builder(name, () -> value.applyAsDouble(server.state()))
                .baseUnit(unit)
                .description(text)
                .register(registry);
    }

    private void counter(NbdServer server, String name, String text, ToDoubleFunction<ServerState> value) {
        FunctionCounter.builder(name, server, counted -> value.applyAsDouble(counted.state()))
                .description(text)
                .register(registry);
    }

    /** Adds what the watch over the writers finds. */
    public void add(WriterWatch watch) {
        watch.watched()
                .forEach(export -> Gauge.builder("vhdxd.writer.stuck", () -> watch.stuckSeconds(export))
                        .baseUnit("seconds")
                        .description("How long the writer or its sync has not moved although there is work")
                        .tags("export", export)
                        .register(registry));
    }

    /** Everything in the text format of Prometheus. */
    String scrape() {
        return registry.scrape();
    }
}
