package io.vhdxd.server.cli;

import io.vhdxd.server.config.Setting;
import io.vhdxd.vhdx.chain.PathMapping;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Writes what is in effect as a configuration file. */
final class ConfigText {
    private final ServeOptions options;
    private final CommandLine line;

    /** @param line the command line that the options were read from */
    ConfigText(ServeOptions options, CommandLine line) {
        this.options = options;
        this.line = line;
    }

    void writeTo(PrintWriter out) {
        String table = "";
        for (Setting setting : Setting.values()) {
            String value = value(setting);
            if (value == null) {
                continue;
            }
            if (!setting.table().equals(table)) {
                table = setting.table();
                out.println();
                out.println("[" + table + "]");
            }
            out.println(setting.nameInTable() + " = " + value + "  # " + source(setting.option()));
        }
        for (ListenSpec listener : options.listeners()) {
            out.println();
            out.println("[[listen]]  # " + source("--listen"));
            out.println("address = " + quoted(listener.address().toString()));
            out.println("tls = " + quoted(listener.tls(options.tls()).text()));
        }
        for (ExportSpec export : options.images()) {
            out.println();
            out.println("[[export]]");
            out.println("path = " + quoted(export.image().toAbsolutePath().toString()));
            out.println("name = " + quoted(export.name()));
            out.println("description = " + quoted(export.description()));
            out.println("read-only = " + export.readOnly());
        }
        out.flush();
    }

    /** What is in effect; null if nothing is. */
    private @Nullable String value(Setting setting) {
        LimitOptions limits = options.limits();
        return switch (setting) {
            // It is shown with each export.
            case READ_ONLY -> null;
            case MAX_CONNECTIONS_PER_ADDRESS -> "" + limits.connections().perAddress();
            case MEMORY -> "" + limits.memoryBytes();
            case TLS_MODE -> quoted(options.tls().mode().text());
            default -> text(line.getCommandSpec().findOption(setting.option()).getValue());
        };
    }

    private static @Nullable String text(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Integer number -> number.toString();
            case Boolean flag -> flag.toString();
            case ByteSize size -> "" + size.bytes();
            case List<?> list when list.isEmpty() -> null;
            case List<?> list ->
                list.stream().map(ConfigText::quotedElement).collect(Collectors.joining(", ", "[", "]"));
            default -> quoted(value.toString());
        };
    }

    private static String quotedElement(Object element) {
        return switch (element) {
            case Path path -> quoted(path.toAbsolutePath().toString());
            case PathMapping mapping -> quoted(mapping.windowsDirectory() + "=" + mapping.directory());
            default -> quoted(element.toString());
        };
    }

    private String source(String option) {
        if (line.getParseResult().hasMatchedOption(option)) {
            return "command line";
        }
        Integer number = options.sources().lineOf(option);
        return number == null ? "default" : options.configFile() + ":" + number;
    }

    /** As a basic string of TOML. */
    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c < ' ' || c == 0x7f) {
                quoted.append(String.format("\\u%04X", c));
            } else {
                quoted.append((char) c);
            }
        });
        return quoted.append('"').toString();
    }
}
