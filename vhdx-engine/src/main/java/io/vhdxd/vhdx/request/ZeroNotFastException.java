package io.vhdxd.vhdx.request;

import java.io.IOException;

/** A {@link ZeroRequest} that had to be fast would have had to write zeros; nothing was changed. */
public final class ZeroNotFastException extends IOException {
    public ZeroNotFastException(String message) {
        super(message);
    }
}
