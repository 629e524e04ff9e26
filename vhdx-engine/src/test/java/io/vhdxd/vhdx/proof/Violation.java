package io.vhdxd.vhdx.proof;

import java.io.Serial;

/** A promise is broken. */
final class Violation extends AssertionError {
    @Serial
    private static final long serialVersionUID = 1;

    Violation(String message) {
        super(message);
    }

    Violation(String message, Throwable cause) {
        super(message, cause);
    }
}
