package io.vhdxd.server.cli;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.nbd.handshake.TlsMode;
import io.vhdxd.server.export.Export;
import io.vhdxd.server.export.ExportTable;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.ListenException;
import io.vhdxd.server.net.NbdServer;
import io.vhdxd.vhdx.ImageCreation;
import io.vhdxd.vhdx.ImageInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
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

    @Parameters(
            arity = "1..*",
            paramLabel = "[NAME=]IMAGE",
            description = {
                "The files to serve, and their export names.",
                "Without a name it is that of the file, without '.vhdx'. A single image is also the default export."
            },
            converter = ExportSpec.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<ExportSpec> images;

    @Option(
            names = {"-l", "--listen"},
            paramLabel = "ADDRESS[,tls=off|on|require]",
            defaultValue = "127.0.0.1:" + ListenAddress.DEFAULT_PORT,
            description = "HOST:PORT or unix:PATH, as often as needed. Default: ${DEFAULT-VALUE}.",
            converter = ListenSpec.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<ListenSpec> listeners;

    @Option(
            names = "--create",
            paramLabel = "SIZE",
            description = "Make images that are missing: dynamic ones, of this size (such as 10G).",
            converter = ByteSize.Converter.class)
    private @Nullable ByteSize createSize;

    @Option(
            names = {"-r", "--read-only"},
            description = "Let nobody write. The files are not changed.")
    private boolean readOnly;

    @Mixin
    private final ParentOptions parents = new ParentOptions();

    @Option(
            names = "--default-export",
            paramLabel = "NAME",
            description = "The export that a client gets who names none.")
    private @Nullable String defaultExport;

    @Option(
            names = "--drain-timeout",
            paramLabel = "SECONDS",
            defaultValue = "8",
            description = "How long to wait for clients' requests when stopping. Default: ${DEFAULT-VALUE}.")
    private int drainSeconds;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private LimitOptions limits;

    @Option(
            names = "--metrics",
            paramLabel = "HOST:PORT",
            description = {
                "Tell metrics in the format of Prometheus (/metrics), and whether all is well (/healthz, /readyz), over"
                        + " HTTP.",
                "Nobody is asked who he is: use an address that only you reach."
            },
            converter = TcpAddressConverter.class)
    private ListenAddress.@Nullable Tcp metricsAddress;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private TlsOptions tls;

    /** Lets picocli read addresses that cannot be Unix sockets. */
    static final class TcpAddressConverter implements ITypeConverter<ListenAddress.Tcp> {
        @Override
        public ListenAddress.Tcp convert(String text) {
            if (ListenAddress.parse(text) instanceof ListenAddress.Tcp tcp) {
                return tcp;
            }
            throw new TypeConversionException("'" + text + "' is no TCP address (expected: HOST:PORT)");
        }
    }

    @Override
    public Integer call() throws Failure, InterruptedException {
        checkArguments();
        ImageCreation missing = createSize == null ? null : creation(createSize);
        TlsOptions.Encryptions encryptions = tls.load();
        LOG.info("vhdxd {} on Java {}", VersionProvider.version(), Runtime.version());
        Monitoring monitoring = new Monitoring(metricsAddress);
        OpenImages open = OpenImages.open(images, missing, readOnly, parents.search(), monitoring::meter);
        boolean clean;
        try (monitoring) {
            serve(open, encryptions, monitoring);
        } finally {
            clean = open.close();
        }
        return (clean ? ExitCode.OK : ExitCode.FAIL_STOP).number();
    }

    private void serve(OpenImages open, TlsOptions.Encryptions encryptions, Monitoring monitoring)
            throws Failure, InterruptedException {
        List<Export> exports =
                open.all().stream().map(OpenImages.Opened::export).toList();
        try (NbdServer server = new NbdServer(new ExportTable(exports, defaultExport), settings())) {
            StopSignals signals = StopSignals.install(server::hurry);
            monitoring.start(open, server);
            List<AttachLines> attachLines = new ArrayList<>();
            for (ListenSpec listener : listeners) {
                TlsMode mode = listener.tls(tls);
                ListenAddress bound = server.listen(listener.address(), encryptions.of(mode));
                attachLines.add(new AttachLines(bound, mode == TlsMode.OFF ? null : tls.directory()));
            }
            monitoring.setServing(true);
            print(open.all(), attachLines);
            signals.awaitFirst();
            LOG.info("stopping");
            monitoring.setServing(false);
            if (!server.drain(drainSeconds * 1000L)) {
                server.disconnect(HURRY_MILLIS);
            }
        } catch (ListenException e) {
            throw Failure.toListen(e);
        }
    }

    private NbdServer.Settings settings() {
        int loopCount = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        return new NbdServer.Settings(
                loopCount, IO_THREADS, limits.connections(), limits.budgetBytes(), limits.session());
    }

    private void checkArguments() throws Failure {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < images.size(); i++) {
            ExportSpec image = images.get(i);
            require(names.add(image.name()), "two images have the export name " + ErrorText.quote(image.name()));
            for (ExportSpec other : images.subList(0, i)) {
                require(
                        !isSameFile(image.image(), other.image()),
                        image.image() + " and " + other.image() + " are the same file");
            }
        }
        if (defaultExport != null) {
            require(
                    names.contains(defaultExport),
                    "--default-export: no image has the export name " + ErrorText.quote(defaultExport));
        }
        require(createSize == null || !readOnly, "--create and --read-only exclude each other");
        require(!parents.namesParent() || images.size() == 1, "--parent goes with a single image");
        String wrongLimit = limits.problem();
        require(wrongLimit == null, String.valueOf(wrongLimit));
        String wrongTls = tls.problem(listeners);
        require(wrongTls == null, String.valueOf(wrongTls));
        require(drainSeconds >= 0, "--drain-timeout: " + drainSeconds + " (expected: 0 or more)");
    }

    private ImageCreation creation(ByteSize size) {
        try {
            return CreateCommand.dynamic(size);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--create: " + e.getMessage(), e);
        }
    }

    private static boolean isSameFile(Path a, Path b) throws Failure {
        try {
            if (Files.exists(a) && Files.exists(b)) {
                return Files.isSameFile(a, b);
            }
            return a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
        } catch (IOException e) {
            throw Failure.toOpen(a, e);
        }
    }

    private void require(boolean condition, String problem) {
        if (!condition) {
            throw new ParameterException(spec.commandLine(), problem);
        }
    }

    private void print(List<OpenImages.Opened> opened, List<AttachLines> attachLines) {
        PrintWriter out = spec.commandLine().getOut();
        for (OpenImages.Opened image : opened) {
            ImageInfo info = image.image().info();
            out.println("Export " + ErrorText.quote(image.export().name()) + " is " + image.file() + ": "
                    + new ByteSize(info.virtualSizeBytes()).withBytes() + ", " + InfoCommand.typeName(info)
                    + ", blocks of " + new ByteSize(info.blockSizeBytes()) + ", log "
                    + InfoCommand.logText(info.logState()) + (readOnly ? ", read-only" : ""));
            for (AttachLines lines : attachLines) {
                lines.of(image.export().name(), readOnly).forEach(line -> out.println("  " + line));
            }
        }
        out.println("Ready.");
        out.flush();
    }
}
