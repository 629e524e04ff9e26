package io.vhdxd.server.cli;

import java.io.PrintWriter;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vhdxd} itself. */
@Command(
        name = "vhdxd",
        description =
                "Serves VHDX disk images over the Network Block Device protocol, and makes, examines and changes them.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionProvider.class,
        subcommands = {
            ServeCommand.class,
            ConfigCommand.class,
            CreateCommand.class,
            InfoCommand.class,
            MapCommand.class,
            CheckCommand.class,
            ResizeCommand.class,
            CompactCommand.class,
            MergeCommand.class,
            SetParentCommand.class,
            ConvertCommand.class,
            DumpLogCommand.class,
            HealthCommand.class,
            GenerateCompletion.class,
            HelpCommand.class
        })
public final class VhdxdCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private VhdxdCommand() {}

    /** The whole command line, ready to execute. Its result is the exit code. */
    public static CommandLine commandLine() {
        CommandLine line = new CommandLine(new VhdxdCommand());
        line.setExecutionExceptionHandler((thrown, command, parsed) -> report(thrown, command));
        line.setParameterExceptionHandler((wrong, args) -> report(wrong));
        describe(line);
        return line;
    }

    /** Gives every command the options and the list of exit codes that all of them share. */
    private static void describe(CommandLine line) {
        CommandSpec spec = line.getCommandSpec();
        if (spec.optionsMap().get("--help") == null) {
            spec.mixinStandardHelpOptions(true);
        }
        spec.versionProvider(new VersionProvider());
        spec.usageMessage().exitCodeListHeading("%nExit codes:%n").exitCodeList(ExitCode.meanings());
        spec.exitCodeOnInvalidInput(ExitCode.USAGE.number()).exitCodeOnExecutionException(ExitCode.INTERNAL.number());
        line.getSubcommands().values().forEach(VhdxdCommand::describe);
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    private static int report(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("vhdxd: " + wrong.getMessage());
        err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return ExitCode.USAGE.number();
    }

    private static int report(Exception thrown, CommandLine command) {
        boolean debug = System.getenv("VHDXD_DEBUG") != null;
        PrintWriter err = command.getErr();
        ExitCode code = ExitCode.INTERNAL;
        if (thrown instanceof Failure failure) {
            code = failure.code();
            err.println("vhdxd: " + failure.getMessage());
        } else {
            err.println("vhdxd: internal error: " + thrown + (debug ? "" : " (VHDXD_DEBUG=1 shows where)"));
        }
        if (debug) {
            thrown.printStackTrace(err);
        }
        return code.number();
    }
}
