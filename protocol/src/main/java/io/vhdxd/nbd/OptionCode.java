package io.vhdxd.nbd;

import org.jspecify.annotations.Nullable;

/** The options of the handshake that the server knows. */
public enum OptionCode {
    EXPORT_NAME(1),
    ABORT(2),
    LIST(3),
    STARTTLS(5),
    INFO(6),
    GO(7),
    STRUCTURED_REPLY(8),
    LIST_META_CONTEXT(9),
    SET_META_CONTEXT(10),
    EXTENDED_HEADERS(11);

    private final int wireValue;

    OptionCode(int wireValue) {
        this.wireValue = wireValue;
    }

    public int wireValue() {
        return wireValue;
    }

    /** The option with a number; null if there is none. */
    public static @Nullable OptionCode of(int wireValue) {
        for (OptionCode code : values()) {
            if (code.wireValue == wireValue) {
                return code;
            }
        }
        return null;
    }
}
