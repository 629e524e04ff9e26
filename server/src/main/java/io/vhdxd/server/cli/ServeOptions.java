package io.vhdxd.server.cli;

import io.vhdxd.nbd.ErrorText;
import io.vhdxd.server.config.Problem;
import io.vhdxd.server.net.ListenAddress;
import io.vhdxd.server.net.PassedSocket;
import io.vhdxd.vhdx.ImageCreation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** What {@code serve} can be told, by options and by a configuration file. An option that is given counts, whatever the file says. */
final class ServeOptions {
    private static final String LISTEN = "--listen";

    @Parameters(
            arity = "0..*",
            paramLabel = "[NAME=]IMAGE",
            description = {
                "The files to serve, and their export names, in place of those in the configuration file.",
                "Without a name it is that of the file, without '.vhdx'. A single image is also the default export."
            },
            converter = ExportSpec.Converter.class)
    private List<ExportSpec> images = List.of();

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "A file of settings, in TOML. Options that are given count, whatever it says.")
    private @Nullable Path configFile;

    @Option(
            names = {"-l", LISTEN},
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

    @Option(
            names = "--log-format",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "What the lines of the log on standard error are. Default: ${DEFAULT-VALUE}.",
            converter = LogFormat.Converter.class)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private LogFormat logFormat;

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
            try {
                if (ListenAddress.parse(text) instanceof ListenAddress.Tcp tcp) {
                    return tcp;
                }
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
            throw new TypeConversionException("'" + text + "' is no TCP address (expected: HOST:PORT)");
        }
    }

    /** Where the settings came from that are not on the command line. */
    private ConfigSources sources = ConfigSources.NONE;

    /**
     * Takes in the configuration file, if there is one, and checks everything.
     *
     * @throws Failure if the file cannot be read, or something in it is wrong
     * @throws ParameterException if something on the command line is wrong
     */
    void complete(CommandLine line) throws Failure {
        List<Problem> inFile = new ArrayList<>();
        if (configFile != null) {
            sources = ConfigSources.read(configFile, line, inFile);
            if (!sources.exports().isEmpty() && images.isEmpty()) {
                images = sources.exports();
            }
        }
        if (configFile != null && images.isEmpty() && inFile.isEmpty()) {
            inFile.add(new Problem(1, "there is nothing to serve: no [[export]], and no image on the command line"));
        }
        List<String> onCommandLine = new ArrayList<>();
        // What was read wrong would only cause further problems.
        if (inFile.isEmpty()) {
            check((problem, where) -> {
                Problem found = sources.locate(problem, where);
                if (found == null) {
                    onCommandLine.add(problem);
                } else {
                    inFile.add(found);
                }
            });
        }
        if (configFile != null && !inFile.isEmpty()) {
            throw Failure.ofConfig(configFile, inFile);
        }
        if (!onCommandLine.isEmpty()) {
            throw new ParameterException(line, String.join("; ", onCommandLine));
        }
    }

    /** Is told of problems. */
    private interface Problems {
        /**
         * Takes a problem.
         *
         * @param text begins with an option, if it is about one
         * @param export the export that it is about; null if it is about none
         */
        void add(String text, @Nullable ExportSpec export);
    }

    private void check(Problems problems) throws Failure {
        if (images.isEmpty()) {
            problems.add("there is nothing to serve: give an image, or a configuration file with an [[export]]", null);
        }
        checkImages(problems);
        if (defaultExport != null
                && images.stream().noneMatch(image -> image.name().equals(defaultExport))) {
            problems.add("--default-export: no image has the export name " + ErrorText.quote(defaultExport), null);
        }
        if (createSize != null && readOnly) {
            problems.add("--create and --read-only exclude each other", null);
        }
        if (createSize != null) {
            try {
                CreateCommand.dynamic(createSize);
            } catch (IllegalArgumentException e) {
                problems.add("--create: " + e.getMessage(), null);
            }
        }
        if (parents.namesParent() && images.size() != 1) {
            problems.add("--parent goes with a single image", null);
        }
        limits.problems().forEach(problem -> problems.add(problem, null));
        String wrongTls = tls.problem(listeners);
        if (wrongTls != null) {
            problems.add(wrongTls, null);
        }
        if (drainSeconds < 0) {
            problems.add("--drain-timeout: " + drainSeconds + " (expected: 0 or more)", null);
        }
    }

    private void checkImages(Problems problems) throws Failure {
        Map<String, ExportSpec> byName = new HashMap<>();
        for (int i = 0; i < images.size(); i++) {
            ExportSpec image = images.get(i);
            if (byName.put(image.name(), image) != null) {
                problems.add("two images have the export name " + ErrorText.quote(image.name()), image);
            }
            for (ExportSpec other : images.subList(0, i)) {
                if (isSameFile(image.image(), other.image())) {
                    problems.add(image.image() + " and " + other.image() + " are the same file", image);
                }
            }
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

    /** What to serve; each read-only if all are. */
    List<ExportSpec> images() {
        return readOnly ? images.stream().map(ExportSpec::forReading).toList() : images;
    }

    /** How to make images that are missing; null if none may be. */
    @Nullable ImageCreation missing() {
        return createSize == null ? null : CreateCommand.dynamic(createSize);
    }

    List<ListenSpec> listeners() {
        return listeners;
    }

    /**
     * What to listen on.
     *
     * @param passed sockets that listen already
     * @param line the command line that the options were read from
     */
    List<Listener> listeners(List<PassedSocket> passed, CommandLine line) {
        boolean asked = line.getParseResult().hasMatchedOption(LISTEN) || sources.lineOf(LISTEN) != null;
        return Listener.of(passed, asked ? listeners : List.of(), listeners, tls);
    }

    ParentOptions parents() {
        return parents;
    }

    @Nullable String defaultExport() {
        return defaultExport;
    }

    int drainSeconds() {
        return drainSeconds;
    }

    LogFormat logFormat() {
        return logFormat;
    }

    LimitOptions limits() {
        return limits;
    }

    TlsOptions tls() {
        return tls;
    }

    ListenAddress.@Nullable Tcp metricsAddress() {
        return metricsAddress;
    }

    @Nullable Path configFile() {
        return configFile;
    }

    ConfigSources sources() {
        return sources;
    }
}
