package io.vhdxd.server.cli;

import io.vhdxd.server.config.Problem;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code vhdxd config}. */
@Command(
        name = "config",
        description = "Checks a configuration file, or shows what would be served.",
        subcommands = {ConfigCommand.Check.class, ConfigCommand.Show.class})
final class ConfigCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: check or show");
    }

    /** {@code vhdxd config check}. */
    @Command(
            name = "check",
            description = {
                "Checks a configuration file, as serve would read it: everything that is wrong is told at once, with its line.",
                "Images have to be there, and certificates usable. Nothing is opened for writing, or listened on."
            })
    static final class Check implements Callable<Integer> {
        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Parameters(paramLabel = "FILE", description = "The configuration file.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private Path file;

        @Override
        public Integer call() throws Failure {
            Show served = new Show();
            CommandLine line = new CommandLine(served);
            line.parseArgs("--config", file.toString());
            served.options.complete(line);
            requireImages(served.options);
            served.options.tls().load();
            spec.commandLine().getOut().println(file + ": good");
            return ExitCode.OK.number();
        }

        private void requireImages(ServeOptions options) throws Failure {
            List<Problem> problems = new ArrayList<>();
            for (ExportSpec export : options.images()) {
                boolean made = options.missing() != null && !export.readOnly();
                if (!made && !Files.isReadable(export.image())) {
                    String text = "there is no image " + export.image() + " that can be read";
                    problems.add(Objects.requireNonNull(options.sources().locate(text, export)));
                }
            }
            if (!problems.isEmpty()) {
                throw Failure.ofConfig(file, problems);
            }
        }
    }

    /** {@code vhdxd config show}. */
    @Command(
            name = "show",
            description = {
                "Shows what serve would do with these options, as a configuration file.",
                "What came from a file has its line there, what nobody has said is marked as a default."
            })
    static final class Show implements Callable<Integer> {
        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Mixin
        @SuppressWarnings("NullAway.Init") // set by picocli
        private ServeOptions options;

        @Override
        public Integer call() throws Failure {
            options.complete(spec.commandLine());
            PrintWriter out = spec.commandLine().getOut();
            new ConfigText(options, spec.commandLine()).writeTo(out);
            return ExitCode.OK.number();
        }
    }
}
