package io.vhdxd.server.cli;

import io.vhdxd.server.config.ConfigFile;
import io.vhdxd.server.config.Problem;
import io.vhdxd.server.config.Setting;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/**
 * Gives options the values that a configuration file has for them, and remembers the lines that they came from.
 *
 * <p>A value is read as if it were given on the command line: so it is checked, and told to be wrong, in the same words.
 */
final class ConfigSources {
    private static final String LISTEN = "--listen";

    private final Map<ExportSpec, Integer> exportLines = new LinkedHashMap<>();
    /** By the options that the file has set. */
    private final Map<String, Integer> optionLines = new HashMap<>();

    static final ConfigSources NONE = new ConfigSources();

    private ConfigSources() {}

    /** A command that has the options and does nothing. */
    @Command
    private static final class Probe {
        @Mixin
        @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // picocli uses it
        private ServeOptions options;
    }

    /**
     * Reads a file.
     *
     * @param line gets the values for the options that it was not given
     * @param problems where what is wrong is added to
     */
    static ConfigSources read(Path file, CommandLine line, List<Problem> problems) throws Failure {
        ConfigFile config;
        try {
            config = ConfigFile.read(file);
        } catch (IOException e) {
            throw Failure.toReadConfig(file, e);
        }
        problems.addAll(config.problems());
        ConfigSources sources = new ConfigSources();
        for (ConfigFile.ExportEntry entry : config.exports()) {
            ExportSpec spec = tried(
                    problems,
                    entry.line(),
                    "export",
                    () -> ExportSpec.of(entry.path(), entry.name(), entry.description(), entry.readOnly()));
            if (spec != null) {
                sources.exportLines.put(spec, entry.line());
            }
        }
        sources.give(line, LISTEN, "listen", config.listeners(), problems);
        config.values()
                .forEach((setting, values) -> sources.give(line, setting.option(), setting.key(), values, problems));
        return sources;
    }

    private void give(
            CommandLine line, String option, String key, List<ConfigFile.Value> values, List<Problem> problems) {
        List<String> arguments = new ArrayList<>();
        for (ConfigFile.Value value : values) {
            String argument = option + "=" + value.text();
            if (tried(problems, value.line(), key, () -> probe(option, List.of(argument))) != null) {
                arguments.add(argument);
            }
        }
        if (!arguments.isEmpty() && !line.getParseResult().hasMatchedOption(option)) {
            line.getCommandSpec().findOption(option).setValue(probe(option, arguments));
            optionLines.put(option, values.getFirst().line());
        }
    }

    /** What an option has after these arguments. */
    private static Object probe(String option, List<String> arguments) {
        CommandLine probe = new CommandLine(new Probe());
        probe.parseArgs(arguments.toArray(String[]::new));
        return probe.getCommandSpec().findOption(option).getValue();
    }

    private static <T> @Nullable T tried(List<Problem> problems, int line, String key, Supplier<T> attempt) {
        try {
            return attempt.get();
        } catch (ParameterException | TypeConversionException e) {
            // What picocli says before the reason names the option.
            String reason = String.valueOf(e.getMessage()).replaceFirst("^Invalid value for option [^:]*: ", "");
            problems.add(new Problem(line, key + ": " + reason));
            return null;
        }
    }

    /** The exports, in the order of the file. */
    List<ExportSpec> exports() {
        return List.copyOf(exportLines.keySet());
    }

    /** The line that has set an option; null if the file has not. */
    @Nullable Integer lineOf(String option) {
        return optionLines.get(option);
    }

    /**
     * Finds the line that caused a problem.
     *
     * @param text what is wrong, with the names of options
     * @param export the export that it is about, if it is about one
     * @return with the names of the file's keys; null if no line of the file has caused it
     */
    @Nullable Problem locate(String text, @Nullable ExportSpec export) {
        Integer line = export == null ? null : exportLines.get(export);
        String inWordsOfFile = text;
        for (Setting setting : Setting.values()) {
            Integer set = optionLines.get(setting.option());
            String option = setting.option() + "(?![a-z-])";
            if (set != null && text.matches(".*" + option + ".*")) {
                line = line == null ? set : line;
            }
            inWordsOfFile = inWordsOfFile.replaceAll(option, setting.key());
        }
        return line == null ? null : new Problem(line, inWordsOfFile);
    }
}
