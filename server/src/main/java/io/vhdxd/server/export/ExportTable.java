package io.vhdxd.server.export;

import io.vhdxd.nbd.ExportInfo;
import io.vhdxd.nbd.handshake.ExportDirectory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All exports of a server, in the order in which they were given. Thread-safe. */
public final class ExportTable implements ExportDirectory {
    private final Map<String, Export> exports;
    private final @Nullable Export defaultExport;
    private volatile boolean shuttingDown;

    /**
     * @param defaultName the name of the export that the empty name stands for; null if that is up to the number of
     *     exports: a single one is the default
     * @throws IllegalArgumentException if two exports have the same name, or none has the default name
     */
    public ExportTable(List<Export> all, @Nullable String defaultName) {
        Map<String, Export> byName = new LinkedHashMap<>();
        for (Export export : all) {
            if (byName.put(export.name(), export) != null) {
                throw new IllegalArgumentException("two exports have the name " + export.name());
            }
        }
        exports = byName;
        if (defaultName != null) {
            defaultExport = exports.get(defaultName);
            if (defaultExport == null) {
                throw new IllegalArgumentException("there is no export with the name " + defaultName);
            }
        } else {
            defaultExport = all.size() == 1 ? all.getFirst() : null;
        }
    }

    /** The export with a name, or the default export for the empty name; null if there is none. */
    public @Nullable Export get(String name) {
        return name.isEmpty() ? defaultExport : exports.get(name);
    }

    public List<Export> all() {
        return List.copyOf(exports.values());
    }

    /** The client who negotiated an export has been told its {@link ExportInfo}; this leads back to the export. */
    public Export of(ExportInfo info) {
        Export export = exports.get(info.name());
        if (export == null) {
            throw new IllegalArgumentException("not an export of this table: " + info.name());
        }
        return export;
    }

    /** From now on clients in the handshake are told that the server shuts down. */
    public void shutDown() {
        shuttingDown = true;
    }

    @Override
    public @Nullable ExportInfo find(String name) {
        Export export = get(name);
        return export == null ? null : export.info();
    }

    @Override
    public List<ExportInfo> list() {
        List<ExportInfo> infos = new ArrayList<>();
        exports.values().forEach(export -> infos.add(export.info()));
        return infos;
    }

    @Override
    public boolean isShuttingDown() {
        return shuttingDown;
    }
}
