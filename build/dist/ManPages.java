import io.vhdxd.server.cli.VhdxdCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Writes a manual page for each command, of what the command line says of itself: {@code java ManPages.java DIRECTORY}. */
final class ManPages {
    private final Path directory;

    private ManPages(Path directory) {
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        new ManPages(Files.createDirectories(Path.of(args[0]))).write(VhdxdCommand.commandLine());
    }

    private void write(CommandLine line) throws IOException {
        Files.writeString(directory.resolve(pageName(line) + ".1"), page(line));
        for (CommandLine sub : line.getSubcommands().values()) {
            write(sub);
        }
    }

    private static String pageName(CommandLine line) {
        return line.getCommandSpec().qualifiedName("-");
    }

    private static String page(CommandLine line) {
        CommandSpec spec = line.getCommandSpec();
        StringBuilder page = new StringBuilder();
        page.append(".TH \"").append(pageName(line).toUpperCase()).append("\" 1 \"\" vhdxd\n");
        String[] description = spec.usageMessage().description();
        String summary = description.length == 0 ? "" : format(description[0]);
        page.append(".SH NAME\n").append(text(pageName(line))).append(" \\- ").append(text(summary)).append('\n');
        page.append(".SH SYNOPSIS\n").append(text(line.getHelp().synopsis(0).strip().replaceAll("\\s+", " "))).append('\n');
        page.append(".SH DESCRIPTION\n");
        for (String paragraph : description) {
            page.append(".PP\n").append(text(format(paragraph))).append('\n');
        }
        if (!spec.positionalParameters().isEmpty()) {
            page.append(".SH ARGUMENTS\n");
            spec.positionalParameters().stream().filter(p -> !p.hidden()).forEach(p -> item(page, p.paramLabel(), p));
        }
        page.append(".SH OPTIONS\n");
        spec.options().stream().filter(o -> !o.hidden()).forEach(o -> item(page, names(o), o));
        if (!line.getSubcommands().isEmpty()) {
            page.append(".SH COMMANDS\n");
            line.getSubcommands().values().forEach(sub -> page.append(".TP\n.BR ")
                    .append(text(pageName(sub))).append(" (1)\n")
                    .append(text(format(String.join(" ", sub.getCommandSpec().usageMessage().description())))).append('\n'));
        }
        page.append(".SH EXIT STATUS\n");
        for (Map.Entry<String, String> code : spec.usageMessage().exitCodeList().entrySet()) {
            page.append(".TP\n.B ").append(text(code.getKey().strip())).append('\n').append(text(code.getValue())).append('\n');
        }
        return page.toString();
    }

    private static String names(OptionSpec option) {
        String label = option.arity().max() == 0 ? "" : " " + option.paramLabel();
        return Arrays.stream(option.names()).map(name -> name + label).collect(Collectors.joining(", "));
    }

    private static void item(StringBuilder page, String term, ArgSpec arg) {
        page.append(".TP\n.B ").append(text(term)).append('\n');
        String description = String.join(" ", arg.renderedDescription());
        page.append(text(description)).append('\n');
    }

    private static String format(String usage) {
        return usage.replace("%n", "\n").replace("%%", "%");
    }

    /** Text as it is, whatever troff makes of its characters. */
    private static String text(String plain) {
        String escaped = Ansi.OFF.string(plain).replace("\\", "\\e").replace("-", "\\-");
        return escaped.lines().map(l -> l.startsWith(".") || l.startsWith("'") ? "\\&" + l : l)
                .collect(Collectors.joining("\n"));
    }
}
