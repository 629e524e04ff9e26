package io.vhdxd.server.config;

/** What may be set by the file, beside exports and listeners, and the option that sets the same. */
public enum Setting {
    DEFAULT_EXPORT("default-export", "--default-export", Kind.TEXT),
    CREATE("create", "--create", Kind.SIZE),
    READ_ONLY("read-only", "--read-only", Kind.FLAG),
    DRAIN_TIMEOUT("drain-timeout", "--drain-timeout", Kind.NUMBER),
    LOG_FORMAT("log-format", "--log-format", Kind.TEXT),
    PARENT_DIRECTORIES("parents.directories", "--parent-dir", Kind.PATHS),
    PARENT_PATH_MAPS("parents.map-paths", "--map-path", Kind.TEXTS),
    TLS_MODE("tls.mode", "--tls", Kind.TEXT),
    TLS_CERTIFICATES("tls.certificates", "--tls-certificates", Kind.PATH),
    TLS_VERIFY_PEER("tls.verify-peer", "--tls-verify-peer", Kind.FLAG),
    MAX_CONNECTIONS("limits.max-connections", "--max-connections", Kind.NUMBER),
    MAX_CONNECTIONS_PER_ADDRESS("limits.max-connections-per-address", "--max-connections-per-address", Kind.NUMBER),
    HANDSHAKE_TIMEOUT("limits.handshake-timeout", "--handshake-timeout", Kind.NUMBER),
    MAX_REQUESTS("limits.max-requests", "--max-requests", Kind.NUMBER),
    CONNECTION_MEMORY("limits.connection-memory", "--connection-memory", Kind.SIZE),
    MEMORY("limits.memory", "--memory", Kind.SIZE),
    METRICS("metrics.address", "--metrics", Kind.TEXT);

    private final String key;
    private final String option;
    private final Kind kind;

    /** What its value is in TOML. */
    enum Kind {
        TEXT("a string"),
        /** A string; a relative path is one from the file's directory on. */
        PATH("a string"),
        NUMBER("a number"),
        /** A number of bytes, or a string such as "64M". */
        SIZE("a number of bytes, or a string such as \"64M\""),
        FLAG("true or false"),
        TEXTS("an array of strings"),
        PATHS("an array of strings");

        private final String expected;

        Kind(String expected) {
            this.expected = expected;
        }

        String expected() {
            return expected;
        }
    }

    Setting(String key, String option, Kind kind) {
        this.key = key;
        this.option = option;
        this.kind = kind;
    }

    /** Its name in the file, after that of its table, with a dot between them. */
    public String key() {
        return key;
    }

    /** The table that it stands in; empty for those at the top. */
    public String table() {
        int dot = key.indexOf('.');
        return dot < 0 ? "" : key.substring(0, dot);
    }

    /** Its name in its table. */
    public String nameInTable() {
        return key.substring(key.indexOf('.') + 1);
    }

    /** The option of {@code vhdxd serve}. */
    public String option() {
        return option;
    }

    Kind kind() {
        return kind;
    }
}
