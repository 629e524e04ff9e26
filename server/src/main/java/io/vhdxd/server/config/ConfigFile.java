package io.vhdxd.server.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/**
 * What a configuration file says. Its values have the right types; whether they make sense is for the options to say that
 * they stand for.
 */
public final class ConfigFile {
    private static final String EXPORT = "export";
    private static final String LISTEN = "listen";

    private final Path directory;
    private final List<ExportEntry> exports = new ArrayList<>();
    private final List<Value> listeners = new ArrayList<>();
    private final Map<Setting, List<Value>> values = new EnumMap<>(Setting.class);
    private final List<Problem> problems = new ArrayList<>();

    /**
     * A value, as it would be written on the command line.
     *
     * @param line where it stands
     */
    public record Value(String text, int line) {}

    /**
     * An export.
     *
     * @param name null if that is up to the file's name
     * @param description null if it has none
     * @param line where it begins
     */
    public record ExportEntry(
            Path path, @Nullable String name, @Nullable String description, boolean readOnly, int line) {}

    private ConfigFile(Path file) {
        this.directory = Objects.requireNonNull(file.toAbsolutePath().getParent(), "a file is in a directory");
    }

    /**
     * Reads a file. What is wrong in it is told by {@link #problems}.
     *
     * @throws IOException if it cannot be read
     */
    public static ConfigFile read(Path file) throws IOException {
        TomlParseResult root = Toml.parse(file);
        ConfigFile config = new ConfigFile(file);
        for (TomlParseError error : root.errors()) {
            config.problem(error.position(), String.valueOf(error.getMessage()));
        }
        config.takeTable(root, "");
        return config;
    }

    public List<ExportEntry> exports() {
        return exports;
    }

    /** The addresses to listen on, as the option {@code --listen} has them. */
    public List<Value> listeners() {
        return listeners;
    }

    /** What was set; each with one value, or several if it is an array. */
    public Map<Setting, List<Value>> values() {
        return values;
    }

    /** What is wrong, in the order of the lines. */
    public List<Problem> problems() {
        return problems.stream().sorted().toList();
    }

    /** Takes the settings of the whole file, or of one table in it. */
    private void takeTable(TomlTable table, String tableName) {
        for (String key : table.keySet()) {
            Object value = table.get(List.of(key));
            TomlPosition position = position(table, key);
            if (tableName.isEmpty() && key.equals(EXPORT)) {
                tables(value, EXPORT, position).forEach(this::takeExport);
            } else if (tableName.isEmpty() && key.equals(LISTEN)) {
                tables(value, LISTEN, position).forEach(this::takeListener);
            } else if (tableName.isEmpty() && tableNames().contains(key)) {
                if (value instanceof TomlTable inner) {
                    takeTable(inner, key);
                } else {
                    problem(position, "'" + key + "' has to be a table: [" + key + "]");
                }
            } else {
                takeSetting(tableName, key, value, position);
            }
        }
    }

    private void takeSetting(String tableName, String key, @Nullable Object value, TomlPosition position) {
        Set<String> known = new TreeSet<>();
        for (Setting setting : Setting.values()) {
            if (setting.table().equals(tableName)) {
                if (setting.nameInTable().equals(key)) {
                    takeValue(setting, value, position);
                    return;
                }
                known.add(setting.nameInTable());
            }
        }
        if (tableName.isEmpty()) {
            known.addAll(tableNames());
            known.add(EXPORT);
            known.add(LISTEN);
        }
        unknown(tableName.isEmpty() ? key : tableName + "." + key, key, known, position);
    }

    private void takeValue(Setting setting, @Nullable Object value, TomlPosition position) {
        boolean right = switch (setting.kind()) {
            case TEXT, PATH -> value instanceof String;
            case NUMBER -> value instanceof Long;
            case SIZE -> value instanceof Long || value instanceof String;
            case FLAG -> value instanceof Boolean;
            case TEXTS, PATHS -> value instanceof TomlArray array && holdsOnly(array, String.class);
        };
        if (!right) {
            wrongType(setting.key(), setting.kind().expected(), position);
            return;
        }
        List<Value> texts = new ArrayList<>();
        if (value instanceof TomlArray array) {
            for (int i = 0; i < array.size(); i++) {
                String text = array.getString(i);
                int line = position(array, i).line();
                texts.add(new Value(
                        setting.kind() == Setting.Kind.PATHS ? resolved(text).toString() : text, line));
            }
        } else {
            String text = String.valueOf(value);
            texts.add(new Value(
                    setting.kind() == Setting.Kind.PATH ? resolved(text).toString() : text, position.line()));
        }
        values.put(setting, texts);
    }

    private static boolean holdsOnly(TomlArray array, Class<?> type) {
        return array.toList().stream().allMatch(type::isInstance);
    }

    /** The tables of an array of tables. */
    private List<Positioned> tables(@Nullable Object value, String name, TomlPosition position) {
        if (!(value instanceof TomlArray array) || !holdsOnly(array, TomlTable.class)) {
            problem(position, "'" + name + "' has to be a table of its own for each: [[" + name + "]]");
            return List.of();
        }
        List<Positioned> tables = new ArrayList<>();
        for (int i = 0; i < array.size(); i++) {
            tables.add(new Positioned(array.getTable(i), position(array, i)));
        }
        return tables;
    }

    private record Positioned(TomlTable table, TomlPosition position) {}

    private void takeExport(Positioned entry) {
        TableReader reader = new TableReader(entry.table, EXPORT);
        String path = reader.text("path");
        String name = reader.text("name");
        String description = reader.text("description");
        boolean readOnly = reader.flag("read-only");
        reader.refuseOthers();
        if (path == null) {
            if (!entry.table.contains("path")) {
                problem(entry.position, "an export without a path");
            }
        } else {
            exports.add(new ExportEntry(resolved(path), name, description, readOnly, entry.position.line()));
        }
    }

    private void takeListener(Positioned entry) {
        TableReader reader = new TableReader(entry.table, LISTEN);
        String address = reader.text("address");
        String tls = reader.text("tls");
        reader.refuseOthers();
        if (address == null) {
            if (!entry.table.contains("address")) {
                problem(entry.position, "a listener without an address");
            }
        } else {
            String text = tls == null ? address : address + ",tls=" + tls;
            listeners.add(new Value(text, position(entry.table, "address").line()));
        }
    }

    /** Reads the keys of one table, and remembers which ones there may be. */
    private final class TableReader {
        private final TomlTable table;
        private final String name;
        private final Set<String> known = new TreeSet<>();

        TableReader(TomlTable table, String name) {
            this.table = table;
            this.name = name;
        }

        @Nullable String text(String key) {
            return value(key, "a string") instanceof String text ? text : null;
        }

        boolean flag(String key) {
            return value(key, "true or false") instanceof Boolean flag && flag;
        }

        private @Nullable Object value(String key, String expected) {
            known.add(key);
            Object value = table.get(List.of(key));
            boolean right = expected.equals("a string") ? value instanceof String : value instanceof Boolean;
            if (value != null && !right) {
                wrongType(name + "." + key, expected, position(table, key));
            }
            return value;
        }

        void refuseOthers() {
            for (String key : table.keySet()) {
                if (!known.contains(key)) {
                    unknown(name + "." + key, key, known, position(table, key));
                }
            }
        }
    }

    private static Set<String> tableNames() {
        Set<String> names = new TreeSet<>();
        for (Setting setting : Setting.values()) {
            if (!setting.table().isEmpty()) {
                names.add(setting.table());
            }
        }
        return names;
    }

    private Path resolved(String path) {
        return directory.resolve(path);
    }

    private static TomlPosition position(TomlTable table, String key) {
        return known(table.inputPositionOf(List.of(key)));
    }

    private static TomlPosition position(TomlArray array, int index) {
        return known(array.inputPositionOf(index));
    }

    /** What was read from a file has a position. */
    private static TomlPosition known(@Nullable TomlPosition position) {
        return Objects.requireNonNull(position);
    }

    private void wrongType(String key, String expected, TomlPosition position) {
        problem(position, key + ": not of the right type (expected: " + expected + ")");
    }

    private void unknown(String fullKey, String key, Set<String> known, TomlPosition position) {
        problem(position, "unknown key '" + fullKey + "'" + Suggestion.among(known, key));
    }

    private void problem(TomlPosition position, String text) {
        problems.add(new Problem(position.line(), text));
    }
}
