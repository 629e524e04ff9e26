package io.vhdxd.server.cli;

import io.netty.util.internal.PlatformDependent;
import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.codec.Encryption;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.ListenException;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.server.net.PassedSocket;
import io.vhdxd.server.net.PassedSockets;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code vhdxd serve}. */
@Command(
        name = "serve",
        description = {
            "Serves images until it is stopped by SIGTERM or SIGINT (Ctrl-C).",
            "It then finishes what clients have begun, and closes the images cleanly. A second signal makes it close"
                    + " the connections at once, a third ends it."
        })
final class ServeCommand implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger("vhdxd.serve");

    private static final int IO_THREADS = 4;
    private static final long HURRY_MILLIS = 1000;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ServeOptions options;

    @Override
    public Integer call() throws Failure, InterruptedException {
        options.complete(spec.commandLine());
        options.logFormat().use();
        TlsOptions.Encryptions encryptions = options.tls().load();
        List<Listener> listeners = listeners();
        tellStart();
        Monitoring monitoring = new Monitoring(options.metricsAddress());
        OpenImages open = OpenImages.open(
                options.images(), options.missing(), options.parents().search(), monitoring::meter);
        boolean clean;
        try (monitoring) {
            serve(open, listeners, encryptions, monitoring);
        } finally {
            clean = open.close();
        }
        return (clean ? ExitCode.OK : ExitCode.FAIL_STOP).number();
    }

    /** What was decided before the first image is opened. */
    private void tellStart() {
        Runtime runtime = Runtime.getRuntime();
        LOG.info(
                "vhdxd {} on Java {} ({}), {} processors, process {}, configuration {}",
                VersionProvider.version(),
                Runtime.version(),
                System.getProperty("java.vm.vendor"),
                runtime.availableProcessors(),
                ProcessHandle.current().pid(),
                options.configFile() == null ? "by options" : options.configFile());
        LimitOptions limits = options.limits();
        LOG.info(
                "memory: heap up to {}, buffers up to {}, of which requests may hold {}; {} for each connection",
                new ByteSize(runtime.maxMemory()),
                new ByteSize(PlatformDependent.maxDirectMemory()),
                new ByteSize(limits.memoryBytes()),
                new ByteSize(limits.session().bytes()));
        LOG.info(
                "limits: {} connections, {} from one address, {} requests of each; {} s to choose an export,"
                        + " {} s to finish after a signal",
                limits.connections().total(),
                limits.connections().perAddress(),
                limits.session().requests(),
                limits.connections().handshakeMillis() / 1000,
                options.drainSeconds());
    }

    private List<Listener> listeners() throws Failure {
        try {
            return options.listeners(PassedSockets.ofThisProcess(), spec.commandLine());
        } catch (ListenException e) {
            throw Failure.toListen(e);
        }
    }

    private void serve(
            OpenImages open, List<Listener> listeners, TlsOptions.Encryptions encryptions, Monitoring monitoring)
            throws Failure, InterruptedException {
        List<Export> exports =
                open.all().stream().map(OpenImages.Opened::export).toList();
        try (NbdServer server = new NbdServer(new ExportTable(exports, options.defaultExport()), settings())) {
            StopSignals signals = StopSignals.install(server::hurry);
            monitoring.start(open, server);
            List<AttachLines> attachLines = new ArrayList<>();
            for (Listener listener : listeners) {
                ListenAddress bound = listen(server, listener, encryptions.of(listener.tls()));
                attachLines.add(new AttachLines(
                        bound,
                        listener.tls() == TlsMode.OFF ? null : options.tls().directory()));
            }
            monitoring.ready("serving " + exports.size() + (exports.size() == 1 ? " export" : " exports") + " on "
                    + server.addresses().stream().map(Object::toString).collect(Collectors.joining(", ")));
            print(open.all(), attachLines);
            signals.awaitFirst();
            LOG.info("stopping");
            monitoring.stopping();
            if (!server.drain(options.drainSeconds() * 1000L)) {
                server.disconnect(HURRY_MILLIS);
            }
        } catch (ListenException e) {
            throw Failure.toListen(e);
        }
    }

    private static ListenAddress listen(NbdServer server, Listener listener, Encryption encryption)
            throws ListenException {
        PassedSocket passed = listener.passed();
        if (passed == null) {
            return server.listen(listener.address(), encryption);
        }
        server.listen(passed, encryption);
        return passed.address();
    }

    private NbdServer.Settings settings() {
        LimitOptions limits = options.limits();
        int loopCount = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        return new NbdServer.Settings(
                loopCount, IO_THREADS, limits.connections(), limits.budgetBytes(), limits.session());
    }

    private void print(List<OpenImages.Opened> opened, List<AttachLines> attachLines) {
        PrintWriter out = spec.commandLine().getOut();
        for (OpenImages.Opened image : opened) {
            out.println("Export " + ErrorText.quote(image.export().name()) + " is " + image.text());
            for (AttachLines lines : attachLines) {
                lines.of(image.export().name(), image.export().isReadOnly()).forEach(line -> out.println("  " + line));
            }
        }
        out.println("Ready.");
        out.flush();
    }
}
