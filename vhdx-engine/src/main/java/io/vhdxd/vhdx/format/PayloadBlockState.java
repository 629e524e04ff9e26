package io.vhdxd.vhdx.format;

import org.jspecify.annotations.Nullable;

/** The state of a payload block, as its BAT entry gives it ([MS-VHDX] 2.5.1.1). */
public enum PayloadBlockState {
    /** Never written: reads as zeros, in a child as the parent's content. */
    NOT_PRESENT(0),
    /** Content given up: reads as zeros. */
    UNDEFINED(1),
    /** Reads as zeros; owns no space. */
    ZERO(2),
    /** Trimmed: reads as zeros; may still name the space it once had. */
    UNMAPPED(3),
    /** All of it is in the file. */
    FULLY_PRESENT(6),
    /** A child's block whose sectors are partly in the file, partly in the parent, as the sector bitmap says. */
    PARTIALLY_PRESENT(7);

    private static final @Nullable PayloadBlockState[] BY_CODE = new PayloadBlockState[8];

    static {
        for (PayloadBlockState state : values()) {
            BY_CODE[state.code] = state;
        }
    }

    private final int code;

    PayloadBlockState(int code) {
        this.code = code;
    }

    /** The value of the entry's bits 0 to 2. */
    public int code() {
        return code;
    }

    /** The state with this code; null for 4 and 5, which are reserved. */
    public static @Nullable PayloadBlockState ofCode(int code) {
        return BY_CODE[code];
    }
}
